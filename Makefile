# Two commands: `make run` and `make test`. Everything they need they build.
PYTHON ?= python3
.PHONY: run test test-addon bench lint stop clean
run test bench lint stop clean:
	@$(PYTHON) dev/bootstrap.py $@
# a developer's inner loop: the addons' tests, database kept (make test-addon TAGS=TestCommitment)
test-addon:
	@$(PYTHON) dev/bootstrap.py test-addon "$(TAGS)"

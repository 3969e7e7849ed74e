# Two commands: `make run` and `make test`. Everything they need they build.
PYTHON ?= python3
.PHONY: run test test-addon bench chaos lint stop clean
run test bench lint stop:
	@$(PYTHON) dev/bootstrap.py $@
# a developer's inner loop: one addon, database kept (make test-addon TAGS=TestCommitment)
test-addon:
	@$(PYTHON) dev/bootstrap.py test-addon "$(TAGS)"
clean: stop
	@rm -rf .build

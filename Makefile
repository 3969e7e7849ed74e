# Two commands: `make run` and `make test`. Everything they need they build.
PYTHON ?= python3
.PHONY: run test test-addon chaos bench contract lint stop clean
run test bench lint stop clean:
	@$(PYTHON) dev/bootstrap.py $@
# a developer's inner loop: the addons' tests, database kept (make test-addon TAGS=TestCommitment)
test-addon:
	@$(PYTHON) dev/bootstrap.py test-addon "$(TAGS)"
# the fault scenarios on real servers: make chaos RUNS=3
chaos:
	@$(PYTHON) dev/bootstrap.py chaos "$(RUNS)"
# a partner's own payloads, without Odoo: make contract FILE=… [TYPE=…] [ADAPTER=…] [CURRENCY=…]
contract:
	@$(PYTHON) dev/bootstrap.py contract "$(FILE)" "$(TYPE)" "$(ADAPTER)" "$(CURRENCY)"

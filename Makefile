# Kauri's commands; `make help` lists them. GNU make 3.81 (macOS) suffices.

PY = .venv/bin/python
JOBS ?= 2
ARGS ?=
# What torch's build for Linux and CUDA pins by itself (see requirements/models.in)
OF_TORCH = triton cuda-bindings cuda-pathfinder cuda-toolkit $(addprefix nvidia-,cublas cuda-cupti cuda-nvrtc \
	cuda-runtime cudnn-cu13 cufft cufile curand cusolver cusparse cusparselt-cu13 nccl-cu13 nvjitlink nvshmem-cu13 nvtx)
SOURCES = apps kauri e2e benchmarks samples manage.py

.PHONY: help run test test-models e2e lint format messages bench-peers lock models environment environment-dev

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "make %-12s %s\n", $$1, $$2}' Makefile

run: environment ## install what is needed and start everything (ARGS="--port 9000 --no-samples")
	@exec $(PY) manage.py up $(ARGS)

test: environment-dev ## run the whole test suite on stores of its own (ARGS="-k sarl", JOBS=4)
	@exec $(PY) -m pytest -n $(JOBS) $(ARGS)

test-models: environment-dev models ## test with real models, tiny and random ones that the tests make
	@exec $(PY) -m pytest -m models $(ARGS)

e2e: environment-dev ## run the real stack and, where Chromium is installed, a visitor's way through it
	@exec $(PY) -m pytest e2e $(ARGS)

lint: environment-dev ## check format, code, types, imports, templates, migrations and file sizes
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m mypy
	$(PY) -c "from importlinter.cli import lint_imports_command as run; run()"
	$(PY) -m djlint templates --check --quiet
	$(PY) -m djlint templates --lint --quiet
	$(PY) -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run
	@find $(SOURCES) static templates -type f \( -name '*.py' -o -name '*.js' -o -name '*.css' -o -name '*.html' \) \
		-not -path '*/migrations/*' -not -path '*/vendor/*' -exec wc -l {} + \
		| awk '$$2 != "total" && $$1 > 400 {print "more than 400 lines: " $$2; bad = 1} END {exit bad}'

format: environment-dev ## mend what can be mended
	$(PY) -m ruff format .
	$(PY) -m ruff check --fix .
	$(PY) -m djlint templates --reformat --quiet

messages: environment-dev ## extract every sentence, keep its translations, compile; says what is still to translate
	$(PY) manage.py messages

bench-peers: environment ## compare Kauri with its peers, in an environment of its own; half an hour (ARGS="--sets piaf --no-scale")
	@test -x var/bench-venv/bin/python || $(PY) -m venv var/bench-venv
	@var/bench-venv/bin/python -m pip install --quiet -r benchmarks/requirements.txt
	@exec var/bench-venv/bin/python benchmarks/peers.py $(ARGS)

lock: environment-dev ## resolve requirements/*.in into requirements/*.txt
	$(PY) -m uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-emit-find-links requirements/dev.in -o requirements/dev.txt
	$(PY) -m uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-emit-find-links requirements/base.in -o requirements/base.txt -c requirements/dev.txt
	$(PY) -m uv pip compile --universal --python-version 3.11 --no-emit-index-url --no-emit-find-links \
		$(addprefix --no-emit-package ,$(OF_TORCH)) requirements/models.in -o requirements/models.txt \
		-c requirements/dev.txt

models: environment ## install BGE-M3's and cross-encoders' packages (torch, some 200 MB to 3 GB)
	@sh kauri/launcher/environment.sh models

environment:
	@sh kauri/launcher/environment.sh base

environment-dev:
	@sh kauri/launcher/environment.sh dev

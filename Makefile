# Each target is one script, so that everything can also be run without make.
.DEFAULT_GOAL := help
.PHONY: help run demo dev run-distributed test test-faults check format bench clean

help: ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | while IFS="$$(printf '\t')" read -r name text; do \
		printf '  make %-15s %s\n' "$$name" "$$text"; done

run: ## Build and start everything on this machine (options: make run ARGS="--http-port 8081")
	@exec scripts/run.sh $(ARGS)

run-distributed: ## The same as separate processes: RabbitMQ, PostgreSQL, two workers, two origins behind nginx
	@exec scripts/run-distributed.sh

demo: ## Push a tune to the channel demo of a running `make run` (other port: make demo ARGS=rtmp://127.0.0.1:PORT/live/demo-key)
	@exec scripts/demo.sh $(ARGS)

dev: ## Build, start, and start again whenever a source file changes
	@exec scripts/dev.sh $(ARGS)

test: ## Run all tests (some of them: make test ARGS="--filter HLSTests")
	@exec scripts/test.sh $(ARGS)

test-faults: ## Only the fault drills: workers, broker and database killed, frozen, restarted
	@exec scripts/test.sh --filter '^EndToEndTests\.[A-Za-z]*Drills/'

check: ## What a change must pass: format, build without warnings, tests
	@exec scripts/check.sh

format: ## Format all Swift files
	@exec scripts/format.sh

bench: ## Run all benchmarks
	@exec scripts/bench.sh

clean: ## Remove everything that was built; the data directory stays
	rm -rf .build .build-*

# `make` is only the door: what a command does stands in scripts/ and in the scripts of package.json.
.DEFAULT_GOAL := help
.PHONY: help run test test-cluster check bench build images deploy undeploy pack format generate coverage clean

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

run: ## start chainr here, run the pipeline of the README and keep serving; PORT=8080, CHAINR_HOME=.chainr
	@exec scripts/run.sh

test: ## make ready what is missing, then run every check and every test
	@exec scripts/test.sh

test-cluster: ## run the tests that need a real Kubernetes: KUBECONFIG=FILE make test-cluster (pods run in its current namespace)
	@exec scripts/test-cluster.sh

check: ## what to run before each commit: format, types, lint, arrows, dead code, stale files, fast tests
	@scripts/provide-redis.sh && scripts/install-packages.sh && exec npm run --silent check

bench: ## measure the targets; each row says "pass" or "short"
	@scripts/provide-redis.sh && scripts/install-packages.sh && exec npm run --silent bench

build: ## compile what `make run` starts
	@scripts/install-packages.sh && exec scripts/build-if-stale.sh

deploy: ## install or upgrade chainr in a cluster: NAMESPACE, TOPOLOGY, IMAGE_TAG, REGISTRY, VALUES (docs/deploy.md)
	@exec deploy/deploy.sh

undeploy: ## remove chainr from a cluster; DATA=1 removes the volume of Redis, too
	@exec deploy/undeploy.sh

images: ## build the images of the services and the page: REGISTRY, IMAGE_TAG, BASE, PUSH=1 (scripts/build-images.sh)
	@exec scripts/build-images.sh

pack: ## make chainr-VERSION.tgz, the npm package of the chainr command
	@scripts/install-packages.sh && exec npm run --silent pack

format: ## write every file as prettier wants it
	@scripts/install-packages.sh && exec npm run --silent format

generate: ## write anew the files that are made from code
	@scripts/install-packages.sh && exec npm run --silent generate

coverage: ## run the fast tests and show which lines and branches they reach
	@scripts/provide-redis.sh && scripts/install-packages.sh && exec npm run --silent coverage

clean: ## remove what was built or installed in this folder; data in .chainr stays
	rm -rf node_modules coverage */dist */node_modules

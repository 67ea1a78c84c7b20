# Sourced by the scripts that test commands: a scratch directory, and checks that are counted.
# shellcheck shell=bash
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0
failed=0

# check NAME COMMAND…: counts a command's success, and shows the output of its failure.
check() {
  local name=$1
  shift
  if "$@" > "$work/output" 2>&1; then
    passed=$((passed + 1))
    echo "passed: $name"
  else
    failed=$((failed + 1))
    echo "FAILED: $name"
    sed 's/^/    /' "$work/output"
  fi
}

# Prints "N passed, N failed"; fails if any check did.
finish_checks() {
  echo "$passed passed, $failed failed"
  ((failed == 0))
}

#!/usr/bin/env bash
# One machine checks for others: the tests under lower instruction sets, on one core and under load.
set -euo pipefail

usage() {
  cat <<'EOT'
Usage: scripts/check_machines.sh [--build DIR] [SETTING...]

Runs tests as other machines would, all settings or those named, and ends with a table. What this
CPU cannot do is left out.

  avx512bf16  nn, model, train and distill without AMX
  avx512      nn, model, train and distill with AVX-512 but no bfloat16
  avx2        nn, model, train and distill as on a CPU without AVX-512
  sse4.1      nn, model, train and distill as on a CPU without AVX
  one-core    every test but the slow ones on one core, with one thread
  load        the same beside busy loops, one for each core and two at the least

  --build DIR  what was built with its tests (build/release)

Exits with 1 if a test fails. What the tests say goes to DIR/Testing/machines/SETTING.log.

Examples:
  scripts/check_machines.sh
  scripts/check_machines.sh --build build/dev avx2 sse4.1
  scripts/check_machines.sh load
EOT
}

# What a setting needs of the CPU (a flag of /proc/cpuinfo), and its environment: the most that
# oneDNN, ATen's own kernels, MKL and the C library's mathematics may use. MKL heeds its variable on
# Intel's CPUs alone; on others it has but one path.
declare -A needs=(
  [avx512bf16]=avx512_bf16
  [avx512]=avx512bw
  [avx2]=avx2
  [sse4.1]=sse4_1
)
declare -A environment=(
  [avx512bf16]="ONEDNN_MAX_CPU_ISA=AVX512_CORE_BF16 ATEN_CPU_CAPABILITY=avx512"
  [avx512]="ONEDNN_MAX_CPU_ISA=AVX512_CORE ATEN_CPU_CAPABILITY=avx512"
  [avx2]="ONEDNN_MAX_CPU_ISA=AVX2 ATEN_CPU_CAPABILITY=avx2 MKL_ENABLE_INSTRUCTIONS=AVX2
    GLIBC_TUNABLES=glibc.cpu.hwcaps=-AVX512F"
  [sse4.1]="ONEDNN_MAX_CPU_ISA=SSE41 ATEN_CPU_CAPABILITY=default MKL_ENABLE_INSTRUCTIONS=SSE4_2
    GLIBC_TUNABLES=glibc.cpu.hwcaps=-AVX512F,-AVX2,-AVX,-FMA"
)
order=(avx512bf16 avx512 avx2 sse4.1 one-core load)
rooms=(nn model train distill)

build=$(realpath "${BASH_SOURCE[0]%/*}/..")/build/release settings=()
fail() {
  echo "check_machines.sh: $1" >&2
  exit 2
}
while (($#)); do
  case $1 in
    -h | --help) usage; exit 0 ;;
    --build) build=${2:?--build needs a folder}; shift ;;
    *)
      [[ " ${order[*]} " == *" $1 "* ]] || fail "no setting is called $1; there are ${order[*]}"
      settings+=("$1")
      ;;
  esac
  shift
done
((${#settings[@]})) || settings=("${order[@]}")

[[ -d $build ]] || fail "$build is not there; build it first: scripts/build.sh release"
build=$(realpath "$build")
programs=()
for room in "${rooms[@]}"; do
  shopt -s nullglob
  found=("$build/tests/$room/"*_test)
  shopt -u nullglob
  ((${#found[@]})) || fail "no test program in $build/tests/$room; build it first"
  programs+=("${found[@]}")
done
logs=$build/Testing/machines
mkdir -p "$logs"

cpu=unknown flags=""
while IFS=: read -r key value; do
  case $key in
    "model name"*) cpu=${value# } ;;
    flags*) flags="$value " ;;
  esac
done </proc/cpuinfo

loops=()
end_loops() {
  ((${#loops[@]} == 0)) || kill "${loops[@]}" 2>/dev/null || true
  loops=()
}
trap end_loops EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
start_loops() {
  local count i
  count=$(nproc)
  for ((i = 0; i < (count < 2 ? 2 : count); ++i)); do
    # They end with this script, whatever ends it.
    (while kill -0 $$ 2>/dev/null; do for ((j = 0; j < 200000; ++j)); do :; done; done) &
    loops+=($!)
  done
}

# Each runner sets `passed` and `failed`, and prints the names of tests that fail.
run_programs() {  # NAME=VALUE...
  local program line code ran
  for program in "${programs[@]}"; do
    code=0
    env "$@" "$program" --gtest_brief=1 >"$log.part" 2>&1 || code=$?
    cat "$log.part" >>"$log"
    ran=0
    while IFS= read -r line; do
      if [[ $line =~ ^'[  FAILED  ] '[^\ ]+.*'ms)'$ ]]; then
        echo "  ${line#\[  FAILED  \] }"
        failed=$((failed + 1))
      elif [[ $line =~ ^'[  PASSED  ] '([0-9]+) ]]; then
        passed=$((passed + BASH_REMATCH[1]))
        ran=1
      fi
    done <"$log.part"
    rm "$log.part"
    if ((!ran)); then
      echo "  $program ended with $code before its tests had"
      failed=$((failed + 1))
    fi
  done
}
run_suite() {  # command in front of ctest...
  local line code=0
  "$@" ctest --test-dir "$build" -LE slow --output-on-failure >"$log" 2>&1 || code=$?
  while IFS= read -r line; do
    if [[ $line =~ ' tests passed, '([0-9]+)' tests failed out of '([0-9]+) ]]; then
      failed=${BASH_REMATCH[1]} passed=$((BASH_REMATCH[2] - failed))
    elif [[ $line =~ ^[[:space:]]+[0-9]+' - '.*\)$ && $line != *"(Skipped)" ]]; then
      echo "$line"
    fi
  done <"$log"
  if ((code != 0 && failed == 0)); then
    echo "  ctest ended with $code; see $log"
    failed=1
  fi
}

echo "$cpu, $(nproc) cores; the tests of $build"
table=() bad=0
for setting in "${settings[@]}"; do
  if [[ -n ${needs[$setting]:-} && $flags != *" ${needs[$setting]} "* ]]; then
    table+=("$(printf '%-12s left out: the CPU has no %s' "$setting" "${needs[$setting]}")")
    continue
  fi
  echo "== $setting"
  passed=0 failed=0 log=$logs/$setting.log began=$SECONDS
  : >"$log"
  case $setting in
    one-core)
      cores=$(taskset -cp $$)
      [[ ${cores##*: } =~ ^[0-9]+ ]]
      run_suite env CTEST_PARALLEL_LEVEL=1 OMP_NUM_THREADS=1 taskset -c "${BASH_REMATCH[0]}"
      ;;
    load)
      start_loops
      run_suite env CTEST_PARALLEL_LEVEL=2
      end_loops
      ;;
    *)
      read -ra variables <<<"${environment[$setting]//$'\n'/ }"
      run_programs "${variables[@]}"
      ;;
  esac
  ((failed == 0)) || bad=1
  table+=("$(printf '%-12s %7d %7d %8d' "$setting" "$passed" "$failed" $((SECONDS - began)))")
done

printf '\n%s\n%-12s %7s %7s %8s\n' "$cpu" setting passed failed seconds
printf '%s\n' "${table[@]}"
exit $bad

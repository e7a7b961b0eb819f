#!/usr/bin/env bash
# Runs the fuzz targets of a folder, one after another: run.sh FOLDER SECONDS [TARGET...]
# Each begins with fixtures of the tests, keeps what it learns in FOLDER/corpus/TARGET and ends at the first finding, whose input
# then lies in FOLDER/findings. Memory is bounded to 2 GiB, one allocation to 512 MiB, one input to 20 s.
set -euo pipefail
folder=$1
seconds=$2
shift 2
root=$(cd "$(dirname "$0")/../.." && pwd)
golden=$root/tests/golden
max_seed=65536

# seeds TARGET: the files a target begins with.
seeds() {
  case $1 in
    safetensors) find "$golden" -name '*.safetensors' ;;
    gguf) find "$golden" -name '*.gguf' ;;
    torch_zip) find "$golden" -name '*.pt' ;;
    pickle)
      mkdir -p "$folder/pickles"
      find "$golden" -name '*.pt' | while read -r file; do
        unzip -qo "$file" '*data.pkl' -d "$folder/pickles/$(basename "$file")" 2> /dev/null || true
      done
      find "$folder/pickles" -name data.pkl ;;
    shard) find "$golden/tar" "$golden/shards" -name '*.tar' ;;
    picture) find "$golden" -name '*.png' -o -name '*.jpg' -o -name '*.gif' -o -name '*.webp' -o -name '*.avif' ;;
    parquet) find "$golden" -name '*.parquet' ;;
    tokenizer) find "$golden" -name 'tokenizer.json' ;;
    json) find "$golden" -name '*.json' -size -8k ;;
  esac
  find "$root/tests/fuzz/seeds/$1" -type f 2>/dev/null || true
}

[ $# -gt 0 ] || set -- $(cd "$folder" && ls -- *_fuzz | sed 's/_fuzz$//')
status=0
for target in "$@"; do
  corpus=$folder/corpus/$target
  mkdir -p "$corpus" "$folder/findings"
  seeds "$target" | while read -r file; do
    [ "$(stat -c %s "$file")" -gt $max_seed ] || cp -n "$file" "$corpus/seed-$(printf %s "$file" | cksum | cut -d' ' -f1)"
  done
  log=$folder/$target.log
  ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1 "$folder/${target}_fuzz" "$corpus" -max_total_time="$seconds" \
    -rss_limit_mb=2048 -malloc_limit_mb=512 -timeout=20 -max_len=$max_seed -artifact_prefix="$folder/findings/$target-" \
    -print_final_stats=1 > "$log" 2>&1 && found=none || { found="one, see $log"; status=1; }
  printf '%-12s %9s runs, %6s per second, %5s MiB, corpus %5s, finding: %s\n' "$target" \
    "$(sed -n 's/^stat::number_of_executed_units: //p' "$log")" "$(sed -n 's/^stat::average_exec_per_sec: *//p' "$log")" \
    "$(sed -n 's/^stat::peak_rss_mb: *//p' "$log")" "$(ls "$corpus" | wc -l)" "$found"
done
exit $status

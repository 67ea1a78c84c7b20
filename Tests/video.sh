#!/usr/bin/env bash
# The commands `kindreel scan`, `kindreel shard` and `kindreel bench decode`: what they write, what they refuse and with
# which code, and that a manifest stands for its folder. Prints "N passed, N failed" last.
#
#   Tests/video.sh [KINDREEL]
set -euo pipefail
cd "$(dirname "$0")/.."

kindreel=$(realpath "${1:-.build/release/kindreel}")
samples=$(realpath Samples/actions)
presets=$(realpath cluster-configs/presets)
source Tests/checks.sh
cd "$work"

# leaves CODE TEXT COMMAND…: whether a command ends with a code and words.
leaves() {
  local code=$1 text=$2 status=0 output
  shift 2
  output=$("$@" 2>&1) || status=$?
  echo "$output"
  echo "code $status"
  [[ $status == "$code" && $output == *"$text"* ]]
}

# cells COLUMN FILE: a column of a table, without its name.
cells() {
  awk -F '\t' -v name="$1" \
    'NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) place = i } NR > 1 { print $place }' "$2"
}

mkdir -p set/Walk set/Run
for class in Walk Run; do cp "$samples/videos/$class"/v_"$class"_g0[12]_c0[123].mp4 "set/$class/"; done
cp "set/Run/v_Run_g01_c01.mp4" "set/Run/copy of it.mp4"
echo '<html>not found</html>' > "set/Walk/page.mp4"
ln -s nowhere.mp4 "set/Walk/gone.mp4"
mkfifo "set/Walk/pipe.mp4"
touch "set/Walk/$(printf 'a\nb\xff').avi"

check "too many bad files end with 65, and the manifest is there" leaves 65 \
  "4 of 17 videos are quarantined, more than the share 0.05 that --allow-bad allows" \
  timeout 60 "$kindreel" scan set --out all.tsv
check "every file has a row" test "$(wc -l < all.tsv)" = 18
check "rows are sorted by id" bash -c "tail -n +2 all.tsv | cut -f 1 | LC_ALL=C sort -c"
check "names are escaped" grep -q '^Walk/a\\nb\\xff\.avi	' all.tsv
check "the rest is good" test "$(cells status all.tsv | sort | uniq -c | tr -s ' \n' ' ')" = " 13 good 4 quarantined "
check "frames are counted" test "$(cells frames all.tsv | grep -c '^[1-9]')" = 13
check "a scan that is repeated decodes nothing that is known" bash -c \
  "'$kindreel' scan set --out all.tsv --allow-bad 0.5 --json | grep -q '\"reused\":13,'"
check "the counts are in the JSON" bash -c "'$kindreel' scan set --out all.tsv --allow-bad 0.5 --json \
  | grep '\"files\":17' | grep '\"good\":13' | grep '\"quarantined\":4' | grep '\"short\":0' \
  | grep '\"reason\":\"No such file or directory\"' | grep 'not a regular file' \
  | grep -q '\"duplicates\":\[\[\"Run/copy of it.mp4\",\"Run/v_Run_g01_c01.mp4\"\]\]'"
head -n 7 all.tsv > part.tsv.part
printf 'Walk/torn.mp4\tset/Wa' >> part.tsv.part
check "an interrupted scan goes on" bash -c \
  "'$kindreel' scan set --out part.tsv --allow-bad 0.5 --json | grep -q '\"reused\":6,' \
  && cmp all.tsv part.tsv && [[ ! -e part.tsv.part ]]"
check "lanes do not matter" bash -c \
  "'$kindreel' scan set --out one.tsv --allow-bad 1 --lanes 1 > /dev/null && cmp all.tsv one.tsv"
check "a clip's length decides what is short" leaves 0 "13 short" \
  "$kindreel" scan set --out short.tsv --allow-bad 1 --frames 100000

# Root may read everything, so that it must become somebody else for this.
somebody=()
[ "$(id -u)" != 0 ] || somebody=(setpriv --reuid=65534 --regid=65534 --clear-groups)
mkdir -m 777 forbidden
cp set/Run/*.mp4 forbidden/
chmod 000 "forbidden/copy of it.mp4"
chmod 711 .
if "${somebody[@]}" "$kindreel" --version > /dev/null 2>&1; then
  check "a file that may not be read is quarantined with the reason" leaves 0 \
    '"reason":"Permission denied"' \
    "${somebody[@]}" "$kindreel" scan forbidden --out forbidden/all.tsv --allow-bad 0.2 --json
else
  echo "skipped: nobody else may run $kindreel"
fi

check "the lists divide the sample set" bash -c "'$kindreel' scan '$samples' --out actions.tsv > /dev/null"
check "train and test are marked" test \
  "$(cells split actions.tsv | sort | uniq -c | tr -s ' \n' ' ')" = " 120 test 240 train "
check "groups are known" test "$(cells group actions.tsv | sort -u | wc -l)" = 120
embed=("$kindreel" embed --untrained 0 --config smoke --clips 1 --lanes 2)
check "a manifest stands for its folder" bash -c \
  "${embed[*]@Q} --data '$samples' --split test --out folder.npy > /dev/null \
  && ${embed[*]@Q} --data actions.tsv --split test --out table.npy > /dev/null \
  && cmp folder.npy table.npy && cmp folder.ids.tsv table.ids.tsv"
check "quarantined files are left out" bash -c \
  "${embed[*]@Q} --data all.tsv --out all.npy && [[ \$(wc -l < all.ids.tsv) == 14 ]]"

sed 's/\tgood\t/\tfine\t/' all.tsv > wrong.tsv
check "a wrong cell is named" leaves 65 \
  "wrong.tsv: line 2: status is 'fine', and must be good, short, quarantined" \
  "$kindreel" embed --untrained 0 --config smoke --data wrong.tsv --out none.npy
check "a missing data set is named" leaves 66 "absent: no such folder" \
  "$kindreel" scan absent --out none.tsv
check "and in embedding, too" leaves 66 "absent: no such folder" \
  "${embed[@]}" --data absent --out none.npy
check "a manifest has one list" leaves 78 "video.list (--list) is 2" \
  "$kindreel" scan all.tsv --out none.tsv --list 2

# cached NAME FOLDER [DATA]: embeds with a cache of decoded videos in a folder.
cached() {
  printf 'video:\n  diskCache: "%s"\n  shortSide: 40\n  size: 32\n  frames: 4\n  stride: 2\n' "$2" |
    cat - <(sed -n '/^encoder:/,$p' "$presets/smoke.yaml") > "$1.yaml"
  "$kindreel" embed --untrained 0 --config "$1.yaml" --clips 1 --lanes 1 --data actions.tsv \
    --split test --out "$1.npy"
}
export NODE="$work/node"
both() {
  cached one '$NODE/cache' & local first=$!
  cached two '$NODE/cache' && wait "$first" && cmp one.npy folder.npy && cmp two.npy folder.npy &&
    [[ $(find "$NODE/cache" -name '*.frames' | wc -l) == 120 && -z $(find "$NODE" -name 'partial*') ]]
}
check "processes fill one folder of decoded videos together, and the rows are the same" both
found_again() {
  cached three '$NODE/cache' && cmp three.npy folder.npy &&
    [[ $(find "$NODE/cache" -name '*.frames' | wc -l) == 120 ]]
}
check "a later process finds them" found_again
warned() {
  local output
  output=$(cached "$1" "$2" 2>&1) && echo "$output" && cmp "$1.npy" folder.npy &&
    [[ $(grep -c 'kindreel: video.diskCache' <<< "$output") == 1 && $output == *"$3"* ]]
}
echo 'a file' > plain.txt
check "a folder that cannot be made is said once" \
  warned none plain.txt/cache 'plain.txt/cache: cannot be created: Not a directory (errno 20)'
check "a variable that is not set is said once" \
  warned unset '$NO_SUCH_NODE/cache' '$NO_SUCH_NODE is not set'
if mkdir -p small && mount -t tmpfs -o size=1m none small 2> /dev/null; then
  check "a full disk is said once, and embedding goes on" \
    warned full small/cache 'No space left on device (errno 28)'
  umount small
else
  echo "skipped: a full disk (this user may not mount a small one)"
fi
check "a folder that cannot be written to is refused early" leaves 73 "there/m.tsv: the folder" \
  "$kindreel" scan set --out there/m.tsv
check "a list that does not exist is refused" leaves 64 "--list is 4" \
  "$kindreel" scan set --out none.tsv --list 4
check "a layout that is not there is refused" leaves 65 "not HMDB51's layout" \
  "$kindreel" scan set --out none.tsv --layout hmdb51

mkdir -p elsewhere
check "a table lies in a folder of its own, and any spelling of its data is the same" bash -c \
  "'$kindreel' scan set --out elsewhere/m.tsv --allow-bad 0.5 > /dev/null \
  && '$kindreel' scan ./set/../set --out ./elsewhere/m.tsv --allow-bad 0.5 --json | grep -q '\"reused\":13,' \
  && ${embed[*]@Q} --data elsewhere/m.tsv --out elsewhere.npy > /dev/null && cmp elsewhere.npy all.npy"
echo 'a note' > note.txt
check "what is no manifest is not written over" leaves 73 "note.txt: is there already" \
  "$kindreel" scan set --out note.txt
check "nor what only looks like the rest of a scan" bash -c \
  "echo notes > rest.tsv.part && ! '$kindreel' scan set --out rest.tsv && grep -q notes rest.tsv.part"
truncate -s 3G blank.tsv
check "nor what is too large to be looked at" leaves 73 "blank.tsv: is there already" \
  "$kindreel" scan set --out blank.tsv
rm blank.tsv
check "a nameless data set is none" leaves 64 "the dataset's name is empty" "$kindreel" scan "" --out none.tsv
check "a machine without room is not the files' fault" leaves 74 "Too many open files" \
  bash -c "ulimit -n 22; '$kindreel' scan set --lanes 30 --out none.tsv"
check "and nothing is written" test ! -e none.tsv
head -c -40 all.tsv > cut.tsv
check "a manifest that was cut off is none" leaves 65 "and no end: the manifest was cut off" \
  "${embed[@]}" --data cut.tsv --out none.npy
check "names that are no UTF-8 are none of an argument" leaves 64 "argument 2 is no UTF-8" \
  "$kindreel" scan "$(printf 'set\xff')" --out none.tsv
check "shards stand for their videos" bash -c \
  "'$kindreel' shard --data all.tsv --out packed --megabytes 1 | grep -q '\"videos\":13' \
  && tar tf packed/shard-00000.tar | grep -q mp4 \
  && ${embed[*]@Q} --data packed --out packed.npy > /dev/null && cmp packed.npy all.npy"
check "shards are not packed over shards" leaves 73 "packed: holds manifest.tsv" \
  "$kindreel" shard --data packed --out packed
mkdir -p empty/Walk && cp set/Walk/v_*_c01.mp4 empty/Walk && touch empty/Walk/nothing.mp4
check "an empty file in a shard is quarantined like any other" bash -c \
  "'$kindreel' shard --data empty --out emptied > /dev/null \
  && '$kindreel' scan emptied --out emptied.tsv --allow-bad 0.5 | grep -q 'nothing.mp4: the file is empty' \
  && ${embed[*]@Q} --data emptied.tsv --out emptied.npy | grep -q '2 rows'"
mkdir -p part/Walk part/splits && cp set/Walk/v_*_c01.mp4 part/Walk
echo 'Walk/v_Walk_g99_c09.mp4 1' > part/splits/trainlist01.txt
check "a part of a data set is told how it is read" leaves 65 "(--layout folder)" \
  "$kindreel" shard --data part --out parted
check "and is read so" bash -c \
  "'$kindreel' shard --data part --layout folder --out parted | grep -q '\"videos\":'"
mkdir -p links/in && cp set/Walk/v_Walk_g01_c01.mp4 links/in/one.mp4
ln -s one.mp4 links/in/two.mp4 && tar cf links/a.tar -C links in && rm -r links/in
check "a link in a shard is another name" bash -c \
  "'$kindreel' scan links --out links.tsv | grep -q '2 videos' && grep -q in/two.mp4 links.tsv"
mkdir -p lost && ln -s nowhere.mp4 lost/gone.mp4 && tar cf lost/a.tar -C lost gone.mp4 && rm lost/gone.mp4
check "one to nowhere is named" leaves 65 "'gone.mp4' is a symbolic link to 'nowhere.mp4'" \
  "$kindreel" scan lost --out none.tsv
mkdir -p sparse && truncate -s 1M holes.mp4
for format in gnu posix; do
  tar --format $format -S -cf sparse/a.tar holes.mp4
  check "a sparse member is named ($format)" leaves 65 "is sparse; pack it without --sparse" \
    "$kindreel" scan sparse --out none.tsv
done
mkdir -p hollow && cp links/a.tar hollow && touch hollow/b.tar
check "an empty shard is named" leaves 65 "hollow/b.tar: an empty tar file" \
  "$kindreel" scan hollow --out none.tsv
mkdir -p twins && tar cf twins/a.tar -C set/Walk v_Walk_g01_c01.mp4
cp set/Walk/v_Walk_g01_c02.mp4 v_Walk_g01_c01.mp4 && tar cf twins/b.tar v_Walk_g01_c01.mp4
check "two videos with one name are not taken for one" leaves 65 \
  "twins/b.tar: holds another 'v_Walk_g01_c01.mp4' than" "$kindreel" scan twins --out twins.tsv

check "decoding is timed" bash -c "'$kindreel' bench decode set/Run/v_Run_g01_c01.mp4 --frames 16 \
  --windows 2 --repetitions 1 --json | grep -q '\"clips_per_second\":[1-9]'"
check "what cannot be timed is named" leaves 65 "set/Walk/page.mp4: " \
  "$kindreel" bench decode set/Walk/page.mp4 --json

finish_checks

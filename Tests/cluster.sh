#!/usr/bin/env bash
# The command `kindreel cluster` on small files: what it writes, what it refuses and with which code.
# Prints "N passed, N failed" last.
#
#   Tests/cluster.sh [KINDREEL]
set -euo pipefail
cd "$(dirname "$0")/.."

kindreel=$(realpath "${1:-.build/release/kindreel}")
source Tests/checks.sh
cd "$work"

# npy FILE DTYPE SHAPE BYTES: an array file, format 1.0.
npy() {
  local text="{'descr': '$2', 'fortran_order': False, 'shape': $3, }"
  {
    printf '\x93NUMPY\x01\x00'
    printf '%b' "$(printf '\\x%02x\\x00' $((${#text} + 1)))"
    printf '%s\n' "$text"
    printf '%b' "$4"
  } > "$1"
}

# writes TEXT FILE: whether a file holds exactly these lines.
writes() { diff <(printf '%b' "$1") "$2"; }

# says TEXT COMMAND…: whether a command's only output is one line.
says() {
  local text=$1 output
  shift
  output=$("$@" 2>&1)
  echo "$output"
  [[ $output == "$text" ]]
}

# leaves CODE TEXT COMMAND…: whether a command fails with a code and words, and writes nothing.
leaves() {
  local code=$1 text=$2 status=0 output
  shift 2
  output=$("$@" 2>&1) || status=$?
  echo "$output"
  echo "code $status"
  [[ $status == "$code" && $output == *"$text"* && ! -e none.npy ]]
}

f1='\x00\x00\x80\x3f' f0='\x00\x00\x00\x00' nan='\x00\x00\xc0\x7f'
d1='\x00\x00\x00\x00\x00\x00\xf0\x3f' d0='\x00\x00\x00\x00\x00\x00\x00\x00'
npy x.npy '<f4' '(4, 2)' "$f1$f0$f0$f1$f1$f0$f1$f1"
npy d.npy '<f8' '(4, 2)' "$d1$d0$d0$d1$d1$d0$d1$d1"
npy named.npy '<f4' '(4, 2)' "$f1$f0$f0$f1$f1$f0$f1$f1"
printf 'row\tid\n0\tRun/a.avi\n1\tb c\n2\tRun/d.avi\n3\te\n' > named.ids.tsv

check "the first flags work as ever" says "3 clusters of 4 rows at count:3" \
  "$kindreel" cluster x.npy --out z.npy --cut count:3 --labels l.tsv
check "labels are keyed by row numbers" writes 'id\tlabel\n0\t0\n1\t1\n2\t0\n3\t2\n' l.tsv
check "the linkage matrix alone says nothing" says "" "$kindreel" cluster d.npy --out zd.npy
check "doubles give the tree of floats" cmp z.npy zd.npy
check "the linkage matrix is SciPy's" bash -c \
  "[[ \$(head -c 128 z.npy) == *\"'descr': '<f8', 'fortran_order': False, 'shape': (3, 4)\"* ]]"
check "two levels" says "3 clusters in 2 coarse ones of 4 rows at count:3/count:2" \
  "$kindreel" cluster named.npy --cut count:3/count:2 --labels two.tsv --svg t.svg --newick t.nwk
check "labels are keyed by ids, on two levels" writes \
  'id\tfine\tcoarse\nRun/a.avi\t0\t0\nb c\t1\t1\nRun/d.avi\t0\t0\ne\t2\t0\n' two.tsv
check "the tree has quoted names" grep -q "('Run/a.avi':0.0,'Run/d.avi':0.0)" t.nwk
check "the picture has names and both cuts" bash -c \
  "grep -q 'b c</text>\|b c<tspan' t.svg && grep -q 'fine cut at' t.svg && grep -q 'coarse cut at' t.svg"
check "the widest gap" says "3 clusters of 4 rows at gap:3" \
  "$kindreel" cluster x.npy --cut gap:3 --labels l.tsv
check "a cap" says "3 clusters of 4 rows at count:1" \
  "$kindreel" cluster x.npy --cut count:1 --largest 2 --labels l.tsv
check "lone rows join" says "2 clusters in 2 coarse ones of 4 rows at count:3/count:2" \
  "$kindreel" cluster x.npy --cut count:3/count:2 --singletons join --labels l.tsv
check "a summary in JSON" bash -c "'$kindreel' cluster x.npy --cut quantile:0.5 --newick t.nwk --json \
  | grep -q '^{\"clusters\":2,\"cut\":\"quantile:0.5\",\"largest_share\":0.75,\"linkage\":\"average\",'"
check "every linkage joins" bash -c "for linkage in average ward single complete centroid median; do
  '$kindreel' cluster x.npy --linkage \$linkage --metric euclidean --newick \$linkage.nwk || exit 1; done
  ! cmp -s single.nwk complete.nwk && ! cmp -s average.nwk ward.nwk"
check "the picture says what heights are" bash -c "'$kindreel' cluster x.npy --linkage complete \
  --metric euclidean --svg t.svg && grep -q 'x.npy, complete linkage' t.svg \
  && grep -q 'height: greatest euclidean distance of' t.svg"
check "centroid linkage on cosine distance is refused" leaves 64 \
  "centroid linkage is not defined on cosine distance; average, single, complete are, and centroid is on euclidean distance" \
  "$kindreel" cluster x.npy --out none.npy --linkage centroid
check "cosine distance has its linkages too" bash -c "'$kindreel' cluster x.npy --linkage single --json \
  --out z.npy --cut height:0.5 | grep -q '\"linkage\":\"single\",\"merges\":3,\"metric\":\"cosine\"'"

npy none_of.npy '<f4' '(0, 2)' ''
npy one.npy '<f4' '(1, 2)' "$f1$f1"
check "rows come through a pipe" bash -c "cat x.npy | '$kindreel' cluster - --out zp.npy && cmp zd.npy zp.npy"
check "and through a shell's, with ids" bash -c "'$kindreel' cluster <(cat d.npy) --ids named.ids.tsv \
  --cut count:3/count:2 --labels piped.tsv && cmp two.tsv piped.tsv"
check "input may be a file" bash -c "'$kindreel' cluster - --out zp.npy < x.npy && cmp zd.npy zp.npy"
check "standard input has no list of ids beside it" bash -c "echo none > ./-.ids.tsv \
  && '$kindreel' cluster - --out zp.npy < x.npy && cmp zd.npy zp.npy"
rm -f ./-.ids.tsv
check "a pipe that ends early is refused" leaves 65 "standard input: ends 3 bytes too early" \
  bash -c "head -c -3 x.npy | '$kindreel' cluster - --out none.npy"
check "a pipe that holds more is refused" leaves 65 "standard input: is too long: bytes follow" \
  bash -c "{ cat x.npy; echo; } | '$kindreel' cluster - --out none.npy"
npy huge.npy '<f4' '(9999999999999, 2)' ''
check "a pipe that promises more than memory holds is refused" leaves 78 "standard input: has the shape" \
  bash -c "cat huge.npy | '$kindreel' cluster - --out none.npy"
check "a missing list of ids is told of before rows are read" leaves 66 "typo.tsv: cannot be opened" \
  bash -c "sleep 0.1 | '$kindreel' cluster - --ids typo.tsv --out none.npy"
check "a folder is no pipe" leaves 65 ".: is neither a file nor a pipe" "$kindreel" cluster . --out none.npy
check "ids of other rows are refused" leaves 65 "named.ids.tsv: has 4 ids for 1 rows of -" \
  bash -c "'$kindreel' cluster - --ids named.ids.tsv --out none.npy < one.npy"
check "ids are not written over" leaves 64 "two of the files are the same" \
  "$kindreel" cluster - --ids named.ids.tsv --cut gap --labels named.ids.tsv

check "no rows have a tree, a table and a picture" says "0 clusters of 0 rows at gap" \
  "$kindreel" cluster none_of.npy --out z.npy --cut gap --labels l.tsv --newick t.nwk --svg t.svg
check "one row has a tree, a table and a picture" says "1 clusters of 1 rows at count:3" \
  "$kindreel" cluster one.npy --out z.npy --cut count:3 --labels l.tsv --newick t.nwk --svg t.svg

npy short.npy '<f4' '(4, 2)' "$f1$f0$f0"
npy integers.npy '<i8' '(1, 1)' "$d0"
npy flat.npy '<f4' '(2,)' "$f1$f1"
npy bad.npy '<f4' '(3, 2)' "$f1$f0$f0$nan$f1$f1"
cp named.ids.tsv bad.ids.tsv
check "ids that do not fit are refused" leaves 65 "bad.ids.tsv: has 4 ids for 3 rows" \
  "$kindreel" cluster bad.npy --out none.npy
sed -i '$d' bad.ids.tsv
check "NaN is named by id" leaves 65 \
  "bad.npy: 1 of 3 rows have NaN or infinite elements: b c (row 1)" \
  "$kindreel" cluster bad.npy --out none.npy
npy zero.npy '<f4' '(2, 2)' "$f1$f0$f0$f0"
check "rows of zeros are named" leaves 65 "only zeros, and a cosine distance needs a direction: row 1" \
  "$kindreel" cluster zero.npy --out none.npy
check "rows of zeros have euclidean distances" says "1 clusters of 2 rows at height:1.0" \
  "$kindreel" cluster zero.npy --metric euclidean --cut height:1 --labels l.tsv
check "ward on cosine distance is refused" leaves 64 \
  "--linkage ward --metric cosine: ward linkage is not defined on cosine distance; average, single, complete are" \
  "$kindreel" cluster x.npy --out none.npy --linkage ward
check "a coarse cut below the fine one is refused" leaves 64 \
  "the coarse cut, count:3, lies below the fine one, count:2" \
  "$kindreel" cluster x.npy --out none.npy --cut count:2/count:3 --labels l.tsv
check "a coarse cut that turns out to lie below is refused" leaves 78 \
  "the coarse cut, height:0.1, lies below the fine one, count:2: it leaves 3 clusters, and the fine one 2" \
  "$kindreel" cluster x.npy --out none.npy --cut count:2/height:0.1 --labels l.tsv
npy many.npy '<f4' '(1000000, 1)' ''
perl -e 'print pack "f<*", 1 .. 1e6' >> many.npy
check "distances that do not fit in memory are refused" leaves 78 \
  "many.npy: the distances of all pairs of 1000000 rows take 3814693 MB, and there are" \
  "$kindreel" cluster many.npy --out none.npy --linkage complete --metric euclidean
printf 'row\tid\n0\ta\n1\ta\n' > zero.ids.tsv
check "an id that occurs twice is refused" leaves 65 "zero.ids.tsv: has the id 'a' twice" \
  "$kindreel" cluster zero.npy --out none.npy
check "a file that is cut short is refused" leaves 65 \
  "short.npy: is cut short: the shape (4, 2) of <f4 takes 32 bytes, and 12 follow the header" \
  "$kindreel" cluster short.npy --out none.npy
check "integers are refused" leaves 65 "integers.npy: has elements '<i8'; '<f4' and '<f8' are known" \
  "$kindreel" cluster integers.npy --out none.npy
check "one dimension is refused" leaves 65 "flat.npy: has the shape [2]; two dimensions are needed" \
  "$kindreel" cluster flat.npy --out none.npy
check "a missing file is refused" leaves 66 "absent.npy: cannot be opened" \
  "$kindreel" cluster absent.npy --out none.npy
check "a folder that is not there is refused early" leaves 73 "there/z.npy: the folder" \
  "$kindreel" cluster x.npy --out there/z.npy
check "the rows are not written over, whatever they are called" leaves 64 "two of the files are the same" \
  "$kindreel" cluster x.npy --out "./../${work##*/}/x.npy"
check "nor are their ids" leaves 64 "two of the files are the same" \
  "$kindreel" cluster named.npy --cut gap --labels named.ids.tsv
mkdir folder.npy
check "a folder is no place for a tree, early" leaves 73 "folder.npy: is not a regular file" \
  "$kindreel" cluster none_of.npy --out folder.npy
head -c 40 x.npy > header.npy
check "a header that is cut short is refused" leaves 65 "header.npy: is cut short: the header takes" \
  "$kindreel" cluster header.npy --out none.npy
npy swapped.npy '>f4' '(1, 1)' "$f1"
check "the other byte order is refused" leaves 65 "swapped.npy: has elements '>f4'" \
  "$kindreel" cluster swapped.npy --out none.npy
check "no cut is refused" leaves 64 "'many'" \
  "$kindreel" cluster x.npy --out none.npy --cut many --labels l.tsv
check "labels without a cut are refused" leaves 64 "--labels needs --cut" \
  "$kindreel" cluster x.npy --out none.npy --labels l.tsv
check "a cut that nobody sees is refused" leaves 64 "--cut needs --labels, --svg or --json" \
  "$kindreel" cluster x.npy --out none.npy --cut gap
check "nothing to write is refused" leaves 64 "nothing to write" "$kindreel" cluster x.npy
check "joining without a coarse cut is refused" leaves 64 "--singletons join needs --cut FINE/COARSE" \
  "$kindreel" cluster x.npy --out none.npy --cut gap --labels l.tsv --singletons join

truncate -s 2G large.txt
check "what is too large is not read as ids" leaves 65 "large.txt: has 2147483648 bytes" \
  "$kindreel" cluster x.npy --ids large.txt --out none.npy
check "- is no file" leaves 73 "standard output is no file" "$kindreel" cluster x.npy --out -
check "files that may not grow" leaves 73 "File too large" \
  bash -c "ulimit -f 0; '$kindreel' cluster x.npy --out none.npy"
finish_checks

# Counts the zip codes of each state in a CSV file. Answers one JSON object on stdout and reports progress on stderr,
# the way every program run by Bide may.
BEGIN { FS = ","; printf "progress 0 reading\n" > "/dev/stderr" }
NR == 1 { next }
{ count[$5]++ }
NR % 10000 == 0 { printf "progress %d %d lines\n", (NR / total) * 100, NR > "/dev/stderr" }
END {
  printf "{"
  for (state in count) { printf "%s\"%s\":%d", separator, state, count[state]; separator = "," }
  printf "}\n"
}

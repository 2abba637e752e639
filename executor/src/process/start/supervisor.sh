# Starts attempts of the process executor, keeps their output and records how they end. docs/adr/0002 and 0015 have the
# reasons and the figures.
#
# Node runs this once per worker, as `sh supervisor.sh SETSID` in the folder of all attempts, and writes one line per
# attempt to its stdin: TOLERATED PLAN FOLDER. TOLERATED has one digit per step: 1 if its failure does not end the
# attempt. The steps are the files FOLDER/PLAN.<n>.sh. When the worker dies, stdin ends and the loop with it; the
# supervisors that it started are orphans by then and go on.
#
# Files of an attempt, in the order in which they appear (an identity is "pid, start time, boot id"):
#   claim.<pid>  the identity of a process that wants to supervise; complete before it tries to create `started`
#   started      created exclusively: its creator supervises the attempt, or has left a tombstone
#   exit         blank, to reserve its disk space before anything runs; at the end "ended" and the codes of all steps,
#                or "stopped" instead of a step that was not started any more
#   <n>.exit     blank; "= CODE" once the step's process has ended; its exit code once all of its output is on disk
#   <n>.lost     blank; "SEGMENT ERROR" if output could not be written: the last segment before the loss, and why
#   <n>.group    the identity of the leader of the session in which step n will run (written by the step)
#   <n>.started  created exclusively, by the step before any user code, or as a tombstone by whoever finds the supervisor
#                dead: either the user code never runs or its session is recorded
#   <n>.out.<k>  what the step wrote to its stdout and stderr, in order; the worker removes segments that are stored
#   <n>.config   why the step cannot be started as specified
#   <n>.output   the file in CHAINR_OUTPUT; the step creates it if it has outputs
# A record is complete if it ends with a newline. It is written by one write(2), so no rename (another process) is needed.
# Blank records are overwritten in place (`1<>`), which needs no disk space.

# Reads of the pipe, at most 4 KiB each, before the size of the segment is checked.
reads=2048
# From this size on a new segment begins. With what one dd copies, a segment has at most twice as much (16 MiB).
segment_bytes=8388608
# The most segments of a step on disk (64 MiB). Beyond it the output waits in the pipe, and the step with it.
segments=4

# Copies the step's output from the pipe on stdin to segments, until nobody has the pipe open any more. dd passes on
# what it gets at once, and reads nothing that it does not write.
capture() {
  segment=0 size=0
  while :; do
    said=$(LC_ALL=C dd bs=4k count=$reads 2>&1 >> "$number.out.$segment")
    status=$?
    # SIGTERM comes from the worker if a process that it cannot end keeps the pipe open.
    if [ $status -eq 143 ]; then return; fi
    if [ $status -ne 0 ]; then
      discard || return 0
      continue
    fi
    read_dd
    if [ $copies -lt $reads ]; then return; fi
    size=$((size + bytes))
    if [ $size -ge $segment_bytes ]; then
      segment=$((segment + 1)) size=0
      while set -- "$number".out.* && [ $# -ge $segments ]; do sleep 0.2 || sleep 1; done
    fi
  done
}

# Parses the final messages of dd (said): "0+2 records in", "0+2 records out" and "13 bytes copied, ...", after warnings.
read_dd() {
  bytes=${said##*"$newline"} said=${said%"$newline"*}
  bytes=${bytes%% *} said=${said%"$newline"*}
  said=${said##*"$newline"}
  copies=$((${said%% *}))
}

# Called after a failed write. Drops some output, so that the step can go on with a full disk; false at the end of output.
discard() {
  if ! [ "$lost" ]; then
    lost=${said##*dd: }
    lost=${lost%%"$newline"*}
    printf '%s\n' "$segment ${lost##*: }" 1<> "$number.lost"
  fi
  # Later output goes to another segment than output before the loss.
  if [ -s "$number.out.$segment" ]; then segment=$((segment + 1)) size=0; fi
  said=$(LC_ALL=C dd bs=64k count=1 of=/dev/null 2>&1)
  read_dd
  [ $copies -gt 0 ]
}

# Supervises one attempt, in a process of its own. Arguments: TOLERATED PLAN FOLDER MIDDLE
supervise() {
  tolerated=$1 plan=$2 folder=$3 middle=$4
  read -r stat < /proc/self/stat || exit 1
  pid=${stat%% *}
  set -- ${stat##*) }
  # Field 4 of stat is the parent. Killing the process in the middle makes this one an orphan.
  if [ "$2" = "$middle" ]; then kill -KILL "$middle"; fi
  identity="$pid ${20} $boot"

  cd "$folder" || exit 1
  printf '%s\n' "$identity" > "claim.$pid" || exit 1
  set -C
  printf '%s\n' "$identity $tolerated" > started || exit 0
  printf '%1000s' '' > exit || exit 1
  number=0 left=$tolerated
  while [ "$left" ]; do
    printf '%40s' '' > "$number.exit" || exit 1
    printf '%200s' '' > "$number.lost" || exit 1
    left=${left#?}
    number=$((number + 1))
  done

  number=0 codes= lost=
  while [ "$tolerated" ]; do
    if [ -e stop ]; then
      codes="$codes stopped"
      break
    fi
    # The step runs in the foreground, since a shell without a terminal makes its background jobs ignore SIGINT and
    # SIGQUIT. This shell's message about the step's end is not the step's output.
    {
      (. "./$plan.$number.sh") < /dev/null 2> /dev/null
      code=$?
      if read -r leader _ < "$number.group"; then kill -KILL "-$leader"; fi
      printf '= %s\n' "$code" 1<> "$number.exit"
    } | capture
    read -r _ code < "$number.exit"
    [ "$code" ] || exit 1
    printf '%s\n' "$code" 1<> "$number.exit"
    codes="$codes $code"
    if [ -e "$number.config" ]; then break; fi
    case $tolerated in
      0*) if [ "$code" -ne 0 ]; then break; fi ;;
    esac
    tolerated=${tolerated#?}
    number=$((number + 1))
  done
  printf '%s\n' "ended$codes" 1<> exit
}

# A function, so that the shell has read this whole file before it begins, and an upgrade cannot change it meanwhile.
main() {
  setsid=$1
  newline='
'
  read -r boot < /proc/sys/kernel/random/boot_id || exit 1
  # Node raises the soft limit of open files to the hard one. That slows down programs that close all possible file
  # descriptors. A job may raise it again.
  ulimit -S -n 1024
  while read -r tolerated plan folder; do
    # Two processes, of which the second kills the first: this shell's child ends at once, and the supervisor becomes an
    # orphan. `&` would do the same, but makes SIGINT and SIGQUIT ignored for good in everything that it starts.
    (
      read -r stat < /proc/self/stat
      (supervise "$tolerated" "$plan" "$folder" "${stat%% *}" < /dev/null)
      :
    )
  done
}
main "$@"
exit

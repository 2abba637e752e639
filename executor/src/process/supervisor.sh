# Starts attempts of the process executor, keeps their output and records how they end. docs/adr/0002 and 0015 have the
# reasons and the figures.
#
# Node runs this once per worker, as `sh supervisor.sh SETSID` in the folder of all attempts, and writes one line per
# attempt to its stdin: TOLERATED PLAN FOLDER. TOLERATED has one digit per step: 1 if its failure does not end the
# attempt. The steps are the files FOLDER/PLAN.<n>.sh. When the worker dies, stdin ends and so does the reading; the
# supervisors that it has begun are nobody's children by then and go on.
#
# Files of an attempt, in the order in which they appear (an identity is "pid, start time, boot id"):
#   claim.<pid>  the identity of one that wants to supervise; whole before it tries to take `started`
#   started      created exclusively: who creates it supervises the attempt, or has put a tombstone there
#   exit         blank, so that it has its place on the disk before anything runs; at the end "ended" and the codes of
#                all steps, or "stopped" in place of a step that was not begun any more
#   <n>.exit     blank; "= CODE" once the step's process has ended; its exit code once all of its output is on disk
#   <n>.lost     blank; "SEGMENT ERROR" when output could not be written, after which segment and why
#   <n>.group    the identity of the leader of the session in which step n is going to run (written by the step)
#   <n>.started  created exclusively, by the step before any code of the user, or as a tombstone by whoever found the
#                supervisor dead: so either the user's code never runs or its session is on record
#   <n>.out.<k>  what the step wrote to its stdout and stderr, in order; the worker removes a segment that is stored
#   <n>.config   what of the step cannot be started as it is written
#   <n>.output   what CHAINR_OUTPUT names; the step makes it if it has anything to say
# A record is whole when it ends with a newline; it is written by one write(2), so no rename (a process more) is needed.
# What is blank is replaced in place (`1<>`), which needs no room on the disk.

# Reads of the pipe until the size of a segment is looked at, 4 KiB at most each.
reads=2048
# A segment is followed by another from here on; with what one dd copies it has twice as much at most (16 MiB).
segment_bytes=8388608
# So many segments of a step may be on disk (64 MiB); then its output waits in the pipe, and the step with it.
segments=4

# Takes the step's output from the pipe on stdin to segments, until nobody has the pipe open any more. dd passes on
# what it gets at once, and reads nothing that it does not write.
capture() {
  segment=0 size=0
  while :; do
    said=$(LC_ALL=C dd bs=4k count=$reads 2>&1 >> "$number.out.$segment")
    status=$?
    # The worker does this when a process that it cannot end keeps the pipe open.
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

# What dd said at its end (said): "0+2 records in", "0+2 records out" and "13 bytes copied, ...", after warnings.
read_dd() {
  bytes=${said##*"$newline"} said=${said%"$newline"*}
  bytes=${bytes%% *} said=${said%"$newline"*}
  said=${said##*"$newline"}
  copies=$((${said%% *}))
}

# After a write that failed. Drops some output, so that the step goes on on a full disk; false at the end of it.
discard() {
  if ! [ "$lost" ]; then
    lost=${said##*dd: }
    lost=${lost%%"$newline"*}
    printf '%s\n' "$segment ${lost##*: }" 1<> "$number.lost"
  fi
  # What comes next is told apart from what came before.
  if [ -s "$number.out.$segment" ]; then segment=$((segment + 1)) size=0; fi
  said=$(LC_ALL=C dd bs=64k count=1 of=/dev/null 2>&1)
  read_dd
  [ $copies -gt 0 ]
}

# Runs in a process of its own. Arguments: TOLERATED PLAN FOLDER MIDDLE
supervise() {
  tolerated=$1 plan=$2 folder=$3 middle=$4
  read -r stat < /proc/self/stat || exit 1
  pid=${stat%% *}
  set -- ${stat##*) }
  # Field 4 of stat is the parent: the process in the middle is ended, which orphans this one.
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
    # The step is in the foreground, since a shell without a terminal makes its background jobs ignore SIGINT and
    # SIGQUIT. What this shell says of its end is not the step's output.
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

# A function, so that the shell has read all of this file before it begins and an upgrade cannot change it under way.
main() {
  setsid=$1
  newline='
'
  read -r boot < /proc/sys/kernel/random/boot_id || exit 1
  # Node raises the soft limit of open files to the hard one when it starts, which makes programs slow that close all
  # that they could have open. A job may raise it again.
  ulimit -S -n 1024
  while read -r tolerated plan folder; do
    # Two processes, the first of which the second one ends: this shell gets its child back at once and the supervisor
    # is an orphan. `&` would do the same but for SIGINT and SIGQUIT, which it has ignored in all that follows, for good.
    (
      read -r stat < /proc/self/stat
      (supervise "$tolerated" "$plan" "$folder" "${stat%% *}" < /dev/null)
      :
    )
  done
}
main "$@"
exit

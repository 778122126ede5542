#!/bin/sh
# @ABOUT@
# dspreflight @VERSION@
LC_ALL=C
export LC_ALL
wait_s=@WAIT@
at_once=@ATONCE@

have() { command -v "$1" >/dev/null 2>&1; }

tmp=${TMPDIR:-/tmp}/dspreflight.$$
(umask 077 && mkdir "$tmp") || exit 2
# The dials end with the script: each runs commands of its own, and a shell that is
# not interactive tells its children nothing.
family() {
  { ps -A -o pid= -o ppid= || ps -o pid,ppid; } 2>/dev/null | awk -v root="$$" '
    { parent[$1] = $2 }
    END {
      for (p in parent) {
        for (q = p; q in parent && q != root && n[p]++ < 64; ) q = parent[q]
        if (q == root && p != root) print p
      }
    }'
}
quit() {
  trap '' INT TERM HUP
  # shellcheck disable=SC2046 # one word a process
  kill $(family) $(jobs -p) 2>/dev/null
  rm -rf "$tmp"
  exit 130
}
trap 'rm -rf "$tmp"' EXIT
trap quit INT TERM HUP

# limit SECONDS COMMAND...: 124 when time is up.
if have timeout && timeout 1 true >/dev/null 2>&1; then
  limit() { timeout "$@"; }
else
  limit() {
    limit_s=$1
    shift
    "$@" &
    limit_p=$!
    (sleep "$limit_s"; kill "$limit_p") >/dev/null 2>&1 &
    limit_k=$!
    wait "$limit_p"
    limit_rc=$?
    kill "$limit_k" >/dev/null 2>&1
    return $limit_rc
  }
fi

# What dials: the first that is there.
if have bash && bash -c ': 3<>/dev/tcp/127.0.0.1/1' 2>&1 | grep -qi 'refused\|tcp'; then
  how=bash
elif have nc && nc -h 2>&1 | grep -q -- '-[a-zA-Z]*z'; then
  how=nc
elif have nc; then
  how=busybox
elif have curl; then
  how=curl
else
  echo '@NOTHING@' >&2
  exit 2
fi

# connect HOST PORT SECONDS: says on standard output what went wrong.
connect() {
  case $how in
    bash) limit "$3" bash -c 'exec 3<>"/dev/tcp/$0/$1"' "$1" "$2" 2>&1 ;;
    nc) limit "$(($3 + 1))" nc -v -z -w "$3" "$1" "$2" 2>&1 ;;
    busybox) limit "$(($3 + 1))" nc -w "$3" "$1" "$2" -e true 2>&1 ;;
    curl)
      said=$(limit "$(($3 + 1))" curl -s -S -v --noproxy '*' --connect-timeout "$3" "telnet://$1:$2" 2>&1 </dev/null)
      case $said in
        *onnected\ to*) return 0 ;;
      esac
      printf '%s\n' "$said"
      return 1
      ;;
  esac </dev/null
}

# route ADDRESS: the source address that the kernel would use; fails when it
# knows no way, or when that can't be told.
route() {
  have ip || return 1
  ip route get "$1" 2>/dev/null | sed -n 's/.* src \([0-9a-fA-F.:]*\).*/\1/p' | head -n 1 | grep .
}

clock() {
  now=$(date +%s%N 2>/dev/null)
  case $now in
    *[!0-9]* | '') now=$(date +%s)000000000 ;;
  esac
  if [ ${#now} -lt 15 ]; then now=${now}000000000; fi
  echo "$now"
}

# dial NUMBER PURPOSE HOST PORT NAMED TRIES: writes one JSON object.
dial() {
  secs=$wait_s
  [ "$2" = control ] && secs=1
  begun=$(clock)
  said=$(connect "$3" "$4" "$secs")
  rc=$?
  ended=$(clock)
  ms=$(((ended - begun) / 1000000))
  if [ "$ms" -lt 0 ]; then ms=0; fi # the clock stepped back
  outcome=failed errno='' local=''
  case $rc:$said in
    0:*) outcome=open ;;
    *[Uu]sage:*) outcome=failed ;;
    *emporary\ failure*) outcome=failed ;;
    # These two say the same of a name that is not there and of a name server that
    # is not: nothing follows.
    *ot\ resolve* | *ad\ address*) outcome=failed errno='name not resolved' ;;
    *ot\ known* | *oes\ not\ exist* | *o\ address\ associated* | *ame\ resolution*) outcome=no-such-host ;;
    *efused*) outcome=refused errno=ECONNREFUSED ;;
    *[Rr]eset\ by\ peer*) outcome=reset errno=ECONNRESET ;;
    *o\ route\ to\ host* | *ost\ is\ unreachable*) outcome=unreachable-host errno=EHOSTUNREACH ;;
    *etwork\ is\ unreachable* | *etwork\ unreachable*) outcome=unreachable-network errno=ENETUNREACH ;;
    *ermission\ denied* | *peration\ not\ permitted*) outcome=prohibited errno=EACCES local=yes ;;
    *nvalid\ argument*) outcome=unreachable-network errno=EINVAL local=yes ;;
    *rotocol\ not\ available*) outcome=prohibited errno=ENOPROTOOPT ;;
    *annot\ assign*) outcome=local-limit errno=EADDRNOTAVAIL local=yes ;;
    124:* | 137:* | 143:* | *imed\ out* | *imeout* | *TIMEOUT* | *n\ progress*) outcome=filtered ;;
  esac
  src=''
  read -r src <"$tmp/from.$3"
  # Without the ICMP message at hand, this machine may have said so itself.
  case $outcome in
    unreachable-*) local=yes ;;
  esac
  if [ "$outcome" = failed ]; then errno="exit $rc"; fi
  {
    printf '{"purpose":"%s",' "$2"
    if [ "$5" = name ]; then printf '"host":"%s",' "$3"; else printf '"addr":"%s",' "$3"; fi
    printf '"port":%s,"outcome":"%s"' "$4" "$outcome"
    [ -n "$errno" ] && printf ',"errno":"%s"' "$errno"
    [ -n "$local" ] && printf ',"local":true'
    [ -n "$src" ] && printf ',"from":"%s"' "$src"
    printf ',"tries":%s,"elapsed_ms":%s}\n' "$6" "$ms"
  } >"$tmp/$1"
}

targets() {
@LIST@
}

n=0
targets >"$tmp/list"
while read -r purpose host port kind; do
  [ -e "$tmp/from.$host" ] || route "$host" >"$tmp/from.$host"
done <"$tmp/list"
while read -r purpose host port kind; do
  n=$((n + 1))
  dial "$n" "$purpose" "$host" "$port" "$kind" 1 &
  [ $((n % at_once)) -eq 0 ] && wait
done <"$tmp/list"
wait

# Once more for what gave no answer at an address that answers elsewhere: a lost
# packet is not a filter.
m=0 started=0
while read -r purpose host port kind; do
  m=$((m + 1))
  [ "$purpose" = control ] && continue
  grep -q '"outcome":"filtered"' "$tmp/$m" || continue
  grep -h "\"$host\"" "$tmp"/[0-9]* | grep -v '"purpose":"control"' | grep -q '"outcome":"\(open\|refused\)"' || continue
  dial "$m" "$purpose" "$host" "$port" "$kind" 2 &
  started=$((started + 1))
  [ $((started % at_once)) -eq 0 ] && wait
done <"$tmp/list"
wait

addresses() {
  if have ip; then
    ip -o addr show 2>/dev/null | sed -n 's/.* inet6\{0,1\} \([0-9a-fA-F.:]*\).*/\1/p'
  elif have ifconfig; then
    ifconfig 2>/dev/null | sed -n 's/.*inet \(addr:\)\{0,1\}\([0-9.]*\).*/\2/p'
  elif have hostname; then
    hostname -I 2>/dev/null | tr ' ' '\n'
  fi | grep -v '^127\.\|^::1$\|^fe80' | sort -u
}

printf '{"schema":"@SCHEMA@","tool_version":"@VERSION@ (script)","taken_at":"%s",' "$(date -u +%Y-%m-%dT%H:%M:%SZ)"
printf '"vantage":{"place":"@PLACE@","guessed":@GUESSED@,"addresses":['
first=yes
for a in $(addresses); do
  [ -z "$first" ] && printf ','
  printf '"%s"' "$a"
  first=''
done
printf ']},"connect_timeout_ms":%s,"probes":[\n' "$((wait_s * 1000))"
i=0
while [ $i -lt $n ]; do
  i=$((i + 1))
  [ $i -gt 1 ] && printf ','
  cat "$tmp/$i"
done
printf ']}\n'

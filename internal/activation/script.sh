#!/bin/sh
# @ABOUT@
# @JUDGED@
# dspreflight @VERSION@
{ set +aevx; } 2>/dev/null # tracing would show the key, and exporting would hand it on
unset key answer location body reply # so would a variable that came with the environment
lang=@LANG@
@VALUES@
nl='
'
state=start key='' arn='' terminal=''

# say ENGLISH JAPANESE
say() {
  if [ "$lang" = ja ]; then printf '%s\n' "$2"; else printf '%s\n' "$1"; fi >&2
}

# clean shows text from elsewhere: what a terminal would obey and what has the shape
# of a key is taken out.
clean() {
  LC_ALL=C tr -cd '\n\040-\176' | LC_ALL=C sed '/^Warning: Unable to record CLI history/d; s/[A-Za-z0-9]\{5\}\(-[A-Za-z0-9]\{5\}\)\{4\}/ACTIVATION-KEY/g'
}

# left says what an end at this point leaves behind.
left() {
  case $state in
    start) say 'Nothing was changed.' '何も変更していない。' ;;
    requested) say 'Nothing was created in AWS. The agent may have made a key, which expires after 30 minutes unless it is used; run this again for another.' 'AWS には何も作成されていない。エージェントがキーを発行した可能性があるが、使わなければ 30 分で失効する。再実行すれば別のキーを取得できる。' ;;
    calling) say "CreateAgent was called, and its answer did not arrive: the agent may exist. Look for the name $name before you run this again: aws datasync list-agents --region $region" "CreateAgent を呼び出したが応答がなく、エージェントが作成された可能性がある。再実行の前に名前 $name を探す: aws datasync list-agents --region $region" ;;
    created) say "The agent was created: $arn. Look at it with: aws datasync describe-agent --region $region --agent-arn $arn" "エージェント $arn は作成済み。確認するには: aws datasync describe-agent --region $region --agent-arn $arn" ;;
  esac
}

# die ENGLISH JAPANESE [ERROR]: the error is what finds the cause.
die() {
  say "$1" "$2"
  left
  if [ -n "${3-}" ]; then
    say 'To find the cause, run this where dspreflight is:' '原因を調べるには、dspreflight のある環境で次を実行する:'
    quoted=$(printf '%s' "$3" | tr '\n' ' ' | sed "s/'/'\\\\''/g")
    printf '%s\n' "  dspreflight explain --run $explain '$quoted'" >&2
  fi
  exit 1
}

quit() {
  trap '' INT TERM HUP
  if [ -n "$terminal" ]; then stty "$terminal" </dev/tty; fi
  say '' ''
  say 'Interrupted.' '中断された。'
  left
  exit 130
}

# cli ARGUMENTS...: one call of the AWS CLI. Its history, where somebody has turned
# it on, would keep the key; its prompt would wait for somebody.
cli() {
  AWS_PAGER='' AWS_CLI_AUTO_PROMPT=off AWS_CLI_HISTORY_FILE=/dev/null aws "$@" @EVERY_CALL@ --cli-connect-timeout 10 --cli-read-timeout 60
}

# only_a_key empties what is not the key whole.
only_a_key() {
  case $key in *"$nl"*) key='' ;; esac
  key=$(printf '%s\n' "$key" | LC_ALL=C sed -n 's/^ *\([A-Z0-9]\{5\}\(-[A-Z0-9]\{5\}\)\{4\}\) *$/\1/p')
}

@GET_KEY@

# agents prints the ARNs of the agents with the name.
agents() {
  cli @CALL_AGENTS@ 2>&1
}

# found prints the first ARN of an agent in a text that is not among those known.
found() {
  printf '%s\n' "$1" | tr -s ' \t' '\n' | LC_ALL=C sed -n 's/^.*\(arn:[a-z-]*:datasync:[a-z0-9-]*:[0-9]*:agent\/agent-[0-9a-z]*\).*$/\1/p' | while IFS= read -r one; do
    case $known in *"$one"*) ;; *)
      printf '%s\n' "$one"
      break
      ;;
    esac
  done
}

# create calls CreateAgent. It is called again only where AWS has refused to look at
# the call, for there were too many: a retry by the AWS CLI might create a second agent.
create() {
  say 'Calling CreateAgent.' 'CreateAgent を呼び出す。'
  state=calling
  for pause in 2 4 8 16 0; do
    reply=$(
      export AWS_MAX_ATTEMPTS=1
      printf '%s' "$key" | cli @CALL_CREATE@ 2>&1
    )
    rc=$?
    case $rc:$reply in
      0:* | *:*'Throttl'* | *'(TooManyRequestsException)'*) ;;
      *) break ;;
    esac
    if [ "$rc" = 0 ] || [ "$pause" = 0 ]; then break; fi
    sleep "$pause"
  done
  key=''
  if [ "$rc" = 0 ]; then arn=$(found "$reply"); fi
  if [ -n "$arn" ]; then return; fi
  reply=$(printf '%s\n' "$reply" | clean | sed '/^ *$/d')
  case $reply in
    *'(InternalException)'* | *'(InternalFailure)'* | *'(InternalServerException)'* | *'(ServiceUnavailable)'* | *'(500)'* | *'(502)'* | *'(503)'* | *'(504)'*) ;;
    *'An error occurred ('* | *'ould not connect to the endpoint'* | *'onnect timeout on endpoint'* | *'nable to locate credentials'* | *'usage:'* | *'rror parsing parameter'* | *'arameter validation failed'*)
      state=requested
      die "CreateAgent failed: $reply" "CreateAgent が失敗した: $reply" "$reply"
      ;;
  esac
  say "The answer of CreateAgent was lost; looking for $name among the agents." "CreateAgent の応答が失われた。エージェントの一覧で $name を探す。"
  for pause in 1 2 4 8 15 15 15 0; do
    arn=$(found "$(agents)")
    if [ -n "$arn" ]; then return; fi
    sleep "$pause"
  done
  die "No agent with the name $name has appeared after a minute. CreateAgent said: $reply" "1 分待っても $name という名前のエージェントは現れない。CreateAgent の出力: $reply" "$reply"
}

await() {
  state=created
  say "Created $arn; waiting until it is ONLINE. A new agent is OFFLINE at first." "$arn を作成した。ONLINE になるまで待つ。作成直後は OFFLINE である。"
  waited=0 pause=1 seen=''
  while :; do
    seen=$(cli @CALL_STATUS@ 2>&1 | clean)
    case $seen in
      *ONLINE*)
        say 'The agent is ONLINE.' 'エージェントは ONLINE になった。'
        printf '%s\n' "$arn"
        return
        ;;
      *AccessDenied*) break ;;
    esac
    if [ "$waited" -ge "$online_s" ]; then break; fi
    sleep "$pause"
    waited=$((waited + pause)) pause=$((pause < 8 ? pause * 2 : 10))
  done
  case $seen in
    *OFFLINE*) die "The agent is still OFFLINE after $waited s." "$waited 秒待ってもエージェントは OFFLINE のまま。" "describe-agent $arn: \"Status\": \"OFFLINE\"" ;;
  esac
  die "The status of the agent could not be seen: $seen" "エージェントの状態を確認できない: $seen" "$seen"
}

main() {
  case $(command -v printf) in
    printf) ;;
    *)
      say 'printf is no part of this shell, so that others would see the key in its arguments: use dash, bash or busybox.' 'printf がこのシェルの組み込みではなく、引数のキーが他から見えてしまう。dash、bash、busybox のいずれかを使う。'
      exit 2
      ;;
  esac
  for tool in $tools; do
    command -v "$tool" >/dev/null 2>&1 || {
      say "$tool is not installed here." "$tool がインストールされていない。"
      exit 2
    }
  done
  trap quit INT TERM HUP
  who=$(cli @CALL_IDENTITY@ 2>&1 | clean)
  case $who in
    *"$account"*) ;;
    [0-9]*) die "The credentials here are of account $who; the endpoint is in $account, and CreateAgent must be called there." "ここの認証情報はアカウント $who のもの。エンドポイントは $account にあり、CreateAgent はそのアカウントで呼び出す必要がある。" ;;
    *) die "The AWS CLI can't tell whose its credentials are: $who" "AWS CLI の認証情報を確認できない: $who" "$who" ;;
  esac
  known=$(agents) || {
    who=$(printf '%s\n' "$known" | clean)
    die "The agents of $account could not be listed: $who" "$account のエージェントを一覧できない: $who" "$who"
  }
  get_key
  create
  await
}
main

# ask FORM: asks the agent for its key once. It sets key, or error.
ask() {
  # Who answers may not be the agent: the answer is bounded in time and size, is printable
  # or dropped, and a redirect is read, never followed.
  answer=$({
    curl -q -gsSi -G --noproxy '*' --proto '=http' --max-redirs 0 --connect-timeout 10 --max-time "$key_s" \
      @KEY_REQUEST@ \
      --data-urlencode "$1" "http://$agent/" 2>&1
    printf '\nended %s\n' "$?"
  } | LC_ALL=C tr -cd '\n\040-\176' | head -c 8192)
  ended=${answer##*"$nl"ended }
  status=$(printf '%s\n' "$answer" | sed -n '1s/^HTTP\/[0-9.]* \([0-9]*\).*/\1/p')
  location=$(printf '%s\n' "$answer" | sed -n '/^$/q; s/^[Ll][Oo][Cc][Aa][Tt][Ii][Oo][Nn]: *//p' | head -n 1)
  body=$(printf '%s\n' "$answer" | sed '1,/^$/d; /^ *$/d; /^ended [0-9]*$/d')
  case $location in
    *activationKey=*) key=${location#*activationKey=} key=${key%%[&#]*} ;;
    *) key=$body ;;
  esac
  only_a_key
  error=''
  if [ -n "$key" ]; then return; fi
  case $ended:$status:$location in
    0:*errorType=*) error=errorType=$(printf '%s' "${location##*errorType=}" | LC_ALL=C sed 's/[^A-Za-z0-9_].*//') ;;
    0:30?:*) error="status $status, and the answer is not an activation key: $(printf '%s' "$location" | clean)" ;;
    0:200:*) error="status 200, and the answer is not an activation key: $(printf '%s' "$body" | head -n 1 | clean | head -c 200)" ;;
    0:*) error="expected HTTP status code 302, received: $status" ;;
    1:* | 8:*) error="no HTTP, and the answer is not an activation key" ;;
    *) error=$(printf '%s\n' "$answer" | sed -n '/^curl: /p' | clean | head -n 1) ;;
  esac
  if [ -z "$error" ]; then error='empty activationKey received: the answer was cut off, or longer than a key'; fi
}

get_key() {
  say "Asking the agent at $agent for its activation key; it tries $address first, which may take a while." "エージェント $agent にアクティベーションキーを要求する。エージェントは先に $address への接続を試すため、時間がかかることがある。"
  state=requested
  ask no_redirect
  # A connection that fails does so in either form; any other answer may be clearer, or a key, in the other.
  if [ -z "$key" ] && [ "$ended" != 7 ]; then ask "redirect_to=https://$console/datasync/home?region=$region#/agents/create"; fi
  if [ -n "$key" ]; then return; fi
  request="curl http://$agent/?gatewayType=SYNC&activationRegion=$region&endpointType=$type&privateLinkEndpoint=$address: $error"
  case $ended:$error in 7:* | 0:errorType=* | 0:expected*) state=start ;; esac # no key was made
  if [ "$ended" = 7 ]; then
    die "The agent at $agent takes no connection on port 80: it closes that port once it is activated; or it is still booting, or something in between refuses. ($error)" "エージェント $agent のポート 80 に接続できない。アクティブ化済み（その後は閉じる）か、起動中か、途中で拒否されている。（$error）" "$request"
  fi
  case $error in
    errorType=PRIVATE_LINK_ENDPOINT_UNREACHABLE) die "The agent gave no key: it can't reach $address on TCP 443 ($error)." "エージェントはキーを返さなかった。$address の TCP 443 に到達できない（$error）。" "$request" ;;
    curl:*) die "The agent at $agent could not be asked. ($error)" "エージェント $agent に要求できなかった。（$error）" "$request" ;;
    errorType=*) die "The agent gave no key: $error." "エージェントはキーを返さなかった: $error。" "$request" ;;
  esac
  die "What answers at $agent gave no key; is it the agent? If it is not, print this script again with its address, --agent-ip. ($error)" "$agent の応答にキーがない。エージェントのアドレスか確認し、違う場合は --agent-ip に正しいアドレスを指定してスクリプトを出力し直す。（$error）" "$request"
}

#!/bin/sh
# @ABOUT@
# dspreflight @VERSION@
{ set +axv; } 2>/dev/null # tracing would show credentials
set -f
LC_ALL=C AWS_PAGER='' AWS_CLI_AUTO_PROMPT=off AWS_RETRY_MODE=${AWS_RETRY_MODE:-adaptive} AWS_MAX_ATTEMPTS=${AWS_MAX_ATTEMPTS:-6}
export LC_ALL AWS_PAGER AWS_CLI_AUTO_PROMPT AWS_RETRY_MODE AWS_MAX_ATTEMPTS
if [ -z "${AWS_PROFILE-}" ]; then unset AWS_PROFILE; fi # an empty one would be looked for
lang=@LANG@
dir=${1:-dspreflight-snapshot}
umask 077

# say ENGLISH JAPANESE
say() {
  if [ "$lang" = ja ]; then printf '%s\n' "$2"; else printf '%s\n' "$1"; fi >&2
}
die() {
  say "$1" "$2"
  exit 2
}
trap 'say Interrupted. 中断された。; exit 130' INT TERM HUP

command -v aws >/dev/null 2>&1 || die 'The AWS CLI is not installed.' 'AWS CLI がインストールされていない。'
mkdir "$dir" || die "$dir must not exist yet: name another folder." "$dir は既にある。別のフォルダーを指定する。"

# json TEXT: a string of JSON.
json() {
  printf '"%s"' "$(printf '%s' "$1" | tr '\n\t' '  ' | tr -d '\000-\037' | sed 's/[\\"]/\\&/g')"
}

# enter FOLDER NAME ROLES REGION PROFILE: the calls that follow are of one account and
# Region. A profile that is named counts, whatever keys the environment holds.
enter() {
  at=$dir/$1 name=$2 roles=$3 region=$4 account='' refused='' asked='' made=0 failed=0
  if [ -n "$5" ]; then
    unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN
    AWS_PROFILE=$5
    export AWS_PROFILE
  fi
  region=${region:-${AWS_REGION:-${AWS_DEFAULT_REGION:-$(aws configure get region)}}}
  if [ -z "$region" ]; then
    die "$1: no AWS Region: set AWS_REGION." "$1: AWS のリージョンが不明。AWS_REGION を設定する。"
  fi
  AWS_REGION=$region AWS_DEFAULT_REGION=$region
  export AWS_REGION AWS_DEFAULT_REGION
  mkdir "$at" || exit 2
  say "$1 ($region) ..." "$1（$region）..."
}

# trouble ACTION: why the last call failed, as the manifest has it.
trouble() {
  said=$(tr '\n' ' ' <"$at/.said")
  said=${said%%Encoded authorization failure message*}
  code=RequestFailed
  case $said in
    *'An error occurred ('*) code=${said#*An error occurred \(} code=${code%%\)*} said=${said#* operation: } ;;
    *'An error occurred '*'('*) code=${said#*\(} code=${code%%\)*} said=${said#*operation: } ;;
  esac
  printf '{"action": %s, "code": %s, "message": %s}' "$(json "$1")" "$(json "$code")" "$(json "$(printf '%s' "$said" | sed 's/^ *//; s/ *$//' | cut -c 1-1000)")"
}

# assume ROLE
assume() {
  if [ -n "$refused" ]; then return; fi
  if keys=$(aws sts assume-role --role-arn "$1" --role-session-name dspreflight --query 'Credentials.[AccessKeyId,SecretAccessKey,SessionToken]' --output text 2>"$at/.said"); then
    unset AWS_PROFILE
    # shellcheck disable=SC2086 # three words
    set -- $keys
    AWS_ACCESS_KEY_ID=$1 AWS_SECRET_ACCESS_KEY=$2 AWS_SESSION_TOKEN=$3
    export AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN
    return
  fi
  refused=$(trouble sts:AssumeRole)
  account=${1#*:*:*:*:} account=${account%%:*}
}

# note COMMAND ID [ERROR]: a call, for the manifest.
note() {
  call="{\"command\": \"$1\", \"elapsed_ms\": 0"
  if [ -n "$2" ]; then call="$call, \"id\": \"$2\""; fi
  if [ -n "$3" ]; then
    failed=$((failed + 1))
    call="$call, \"error\": $3"
  elif [ -n "$asked" ]; then
    call="$call, \"asked\": $asked"
  fi
  if [ "$made" -gt 0 ]; then call=",
    $call"; fi
  printf '%s}' "$call" >>"$at/.calls"
  made=$((made + 1)) asked=''
}

# get ACTION COMMAND ID ARGUMENTS...: one reply, as a file.
get() {
  action=$1 command=$2 id=$3
  shift 3
  if [ -n "$refused" ]; then
    note "$command" "$id" "$refused"
  elif aws "$@" --output json >"$at/.reply" 2>"$at/.said"; then
    mv "$at/.reply" "$at/$command${id:+.$id}.json"
    note "$command" "$id" ''
  else
    note "$command" "$id" "$(trouble "$action")"
  fi
}

# pick ARGUMENTS... : ids that a reply lists, each once; one that was refused lists none.
pick() {
  if [ -n "$refused" ]; then return; fi
  aws "$@" --output text 2>/dev/null | tr '\t' '\n' | sed '/^None$/d'
}

# each RESOURCE ACTION COMMAND OPTION ARGUMENTS...: a call about one resource.
each() {
  resource=$1 action=$2 command=$3 option=$4
  shift 4
  id=${resource##*/}
  case $id in '' | *[!a-z0-9-]*) return ;; esac
  if [ ! -e "$at/$command.$id.json" ]; then get "$action" "$command" "$id" "$@" "$option" "$resource"; fi
}

# agent ACTION COMMAND OPTION ARN ARGUMENTS...: an agent that is named, where it is of
# the account and Region.
agent() {
  action=$1 command=$2 option=$3 arn=$4
  shift 4
  whoami
  case $arn in *":$region:$account:"*) each "$arn" "$action" "$command" "$option" "$@" ;; esac
}

whoami() {
  if [ -z "$account" ]; then account=$(aws sts get-caller-identity --query Account --output text 2>/dev/null); fi
}

# simulate ACTION COMMAND ID ACTIONS...: what IAM lets the caller do. The ARN of a role's
# session lacks the role's path; the account's root user is not simulated.
simulate() {
  action=$1 command=$2 id=$3
  shift 3
  if [ -n "$refused" ]; then
    note "$command" "$id" "$refused"
    return
  fi
  whoami
  caller=$(aws sts get-caller-identity --query Arn --output text 2>/dev/null)
  case $caller in
    *:assumed-role/*)
      role=${caller#*:assumed-role/} role=${role%%/*}
      partition=${caller#arn:} partition=${partition%%:*}
      caller=$(aws iam get-role --role-name "$role" --query Role.Arn --output text 2>/dev/null) || caller=arn:$partition:iam::$account:role/$role
      ;;
    *:user/*) partition=${caller#arn:} partition=${partition%%:*} ;;
    *) return ;;
  esac
  set -- --policy-source-arn "$caller" --context-entries "ContextKeyName=aws:RequestedRegion,ContextKeyType=string,ContextKeyValues=$region" --action-names "$@"
  if [ "$id" = @ACCOUNT_RESOURCE@ ]; then
    set -- "$@" --resource-arns "arn:$partition:datasync:$region:$account:agent/@SAMPLE_AGENT@"
  fi
  get "$action" "$command" "$id" iam simulate-principal-policy "$@"
}

# leave writes what is known of the account and Region.
leave() {
  if [ -z "$refused" ]; then whoami; fi
  {
    printf '{\n  "schema": "@SCHEMA@",\n  "name": %s,\n  "account": "%s",\n  "region": "%s",\n  "roles": %s,\n  "calls": [\n    ' "$name" "$account" "$region" "$roles"
    cat "$at/.calls"
    printf '\n  ]\n}\n'
  } >"$at/manifest.json"
  rm -f "$at/.calls" "$at/.said" "$at/.reply"
  say "  $made calls, $failed of them failed" "  $made 件の呼び出し（失敗 $failed 件）"
}

{
  printf '{\n  "schema": "@SCHEMA@",\n  "tool_version": %s,\n  "taken_at": "%s",\n  "target": ' @VERSION_JSON@ "$(date -u +%Y-%m-%dT%H:%M:%SZ)"
  cat <<'TARGET'
@TARGET@
TARGET
  printf '}\n'
} >"$dir/manifest.json"
@SCOPES@
say "Judge it with: dspreflight check --snapshot $dir" "判定するには: dspreflight check --snapshot $dir"

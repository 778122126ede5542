get_key() {
  say "On the local console of the agent (of a virtual machine: its console; of an EC2 instance: SSH as admin):
  1. log in, and type 0 in the main menu, to get the activation key
  2. type the Region: $region
  3. choose $console_type, and type its address: $address
Type or paste the key here; it is not shown:" "エージェントのローカルコンソール（仮想マシンはコンソール、EC2 インスタンスは admin での SSH）で:
  1. ログインし、メインメニューで 0 を入力してアクティベーションキーの取得を選ぶ
  2. リージョンを入力する: $region
  3. $console_type を選び、そのアドレスを入力する: $address
ここにキーを入力または貼り付ける（表示されない）:"
  if (: </dev/tty) 2>/dev/null; then
    terminal=$(stty -g </dev/tty)
    stty -echo </dev/tty
    IFS= read -r key </dev/tty
    stty "$terminal" </dev/tty
    terminal=''
  else
    IFS= read -r key || [ -n "$key" ] || die 'There is no terminal to type the key on: save this script on the machine and run it there (ssh -t HOST sh activate.sh).' 'キーを入力する端末がない。このスクリプトをマシンに保存し、そこで実行する（ssh -t HOST sh activate.sh）。'
  fi
  state=requested
  only_a_key
  if [ -z "$key" ]; then
    die 'That is not an activation key: it is five groups of five capital letters or digits, joined by hyphens.' 'アクティベーションキーではない。キーは大文字または数字 5 文字の組を 5 つハイフンでつないだもの。'
  fi
}

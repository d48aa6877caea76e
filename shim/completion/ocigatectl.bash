# SPDX-License-Identifier: Apache-2.0
# bash completion of ocigatectl(8). Options come from "ocigatectl SUBCOMMAND --help",
# so that there is no second list of them here.

_ocigatectl_words() {
	ocigatectl "$1" --help 2>/dev/null | sed -n '1s/^usage: ocigatectl [a-z-]* *//p' | tr -s ' [].|' '\n' | grep -E "$2"
}

_ocigatectl() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} sub=${COMP_WORDS[1]}
	local words
	COMPREPLY=()
	if [ "$COMP_CWORD" -eq 1 ]; then
		words="$(ocigatectl --help 2>/dev/null | sed -n 's/^  \([a-z-]*\)  *.*/\1/p') --help --version"
		mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
		return
	fi
	case $prev in
	--format)
		words=$(_ocigatectl_words "$sub" '^(text|diff|json|config|html)$')
		;;
	--command) words='create exec update' ;;
	--preset | --extends) words='permissive baseline restricted cis-docker lab' ;;
	--since) return ;;
	--policy | --facts | --config | --root)
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return
		;;
	*)
		case $cur in
		-*) words="$(_ocigatectl_words "$sub" '^--') --help" ;;
		*)
			case $sub in
			install | uninstall) words='docker containerd podman' ;;
			ports) words='list sync' ;;
			rule) words=$(ocigatectl rule 2>/dev/null | awk '{ print $1 }') ;;
			*)
				mapfile -t COMPREPLY < <(compgen -f -- "$cur")
				return
				;;
			esac
			;;
		esac
		;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}

complete -o filenames -F _ocigatectl ocigatectl

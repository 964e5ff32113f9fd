extension CompletionVerb {
    /// Bash breaks words at colons, which our names have: this joins them again for the generated function, and takes
    /// from what that offers the part that bash has already.
    static let bashColons = """
        _roostctl_with_colons() {
            local -a COMP_WORDS
            local COMP_CWORD
            read -ra COMP_WORDS <<< "${COMP_LINE:0:COMP_POINT}"
            [[ "${COMP_LINE:COMP_POINT-1:1}" == ' ' ]] && COMP_WORDS+=('')
            COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
            local word="${COMP_WORDS[COMP_CWORD]}"
            _roostctl "$1" "${word}" "${COMP_WORDS[COMP_CWORD - 1]}"
            if [[ "${word}" == *:* && "${COMP_WORDBREAKS}" == *:* ]]; then
                local i known="${word%"${word##*:}"}"
                for i in "${!COMPREPLY[@]}"; do COMPREPLY[i]="${COMPREPLY[i]#"${known}"}"; done
            fi
        }

        complete -o filenames -F _roostctl_with_colons roostctl

        """
}

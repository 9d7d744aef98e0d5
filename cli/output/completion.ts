/** Scripts with which shells complete the words of a call; made of the commands as they declare themselves. */
import type { CommandUnknownOpts } from "@commander-js/extra-typings";

export type Shell = "bash" | "zsh" | "fish";

/** What a word is: one of these, the name of a run or data set, a file, or a folder. */
type Values = readonly string[] | "run" | "data" | "file" | "folder" | "nothing";

interface Flag {
  readonly names: readonly string[];
  readonly help: string;
  /** Of its value; undefined for a flag without one. */
  readonly values: Values | undefined;
}

interface Call {
  /** `data import` */
  readonly path: string;
  readonly help: string;
  readonly flags: readonly Flag[];
  /** Of every word that is no flag. */
  readonly words: Values;
}

export function completionScript(program: CommandUnknownOpts, shell: Shell): string {
  const calls = program.commands.flatMap((command) => callsOf(command, command.name(), command.summary()));
  const roots = program.commands.map((command) => [command.name(), command.summary()] as const);
  return { bash, zsh, fish }[shell](calls, roots);
}

function callsOf(command: CommandUnknownOpts, path: string, help: string): Call[] {
  if (command.commands.length > 0) {
    const inner = command.commands.flatMap((one) => callsOf(one, `${path} ${one.name()}`, one.description()));
    return [{ path, help, flags: [HELP], words: command.commands.map((one) => one.name()) }, ...inner];
  }
  const flags = command.options.map((option): Flag => {
    const names = [option.short, option.long].filter((name) => name !== undefined);
    const isBoolean = option.isBoolean();
    const value = option.flags.match(/[<[]([^>\]]+)[>\]]/)?.[1] ?? "";
    return {
      names,
      help: option.description,
      values: isBoolean ? undefined : (option.argChoices ?? kindOf(value, option.long)),
    };
  });
  const [first] = command.registeredArguments;
  const words = first === undefined ? "nothing" : (first.argChoices ?? kindOf(first.name(), undefined, path));
  return [{ path, help, flags: [...flags, HELP], words }];
}

const HELP: Flag = { names: ["-h", "--help"], help: "display help for command", values: undefined };

function kindOf(name: string, flag?: string, path = ""): Values {
  if (flag === "--data") return "data";
  if (/^(run|runs|other)$/.test(name)) return "run";
  if (name === "folder") return "folder";
  if (/^(file|files|spec|sweep)$/.test(name)) return "file";
  return path.startsWith("data ") ? "data" : "nothing";
}

const PLACES = { run: "runs", data: "datasets" } as const;

/** Of bash's compgen, which completes files and folders itself. */
function bashWords(values: Values): string {
  if (values === "file") return 'compgen -f -- "$cur"';
  if (values === "folder") return 'compgen -d -- "$cur"';
  if (values === "nothing") return ":";
  if (values === "run" || values === "data")
    return `compgen -W "$(_marina_names ${PLACES[values]})" -- "$cur"`;
  return `compgen -W ${quoted(values.join(" "))} -- "$cur"`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

const NAMES = `# Names of what lies in the home folder of the local state: that of --home, or MARINA_HOME, or .marina.
_marina_names() {
  local home="\${MARINA_HOME:-.marina}" i
  for ((i = 1; i < \${#COMP_WORDS[@]} - 1; i++)); do
    [[ \${COMP_WORDS[i]} == --home ]] && home="\${COMP_WORDS[i + 1]}"
  done
  local path
  for path in "$home/objects/$1"/*/; do
    [[ -d $path ]] && path="\${path%/}" && printf '%s\\n' "\${path##*/}"
  done
}`;

function bash(calls: readonly Call[], roots: readonly (readonly [string, string])[]): string {
  const groups = calls.filter(({ path }) => calls.some((other) => other.path.startsWith(`${path} `)));
  const lines = calls.flatMap(({ path, flags, words }) => [
    `    ${quoted(path)})`,
    `      case "$prev" in`,
    ...flags.flatMap(({ names, values }) =>
      values === undefined ? [] : [`        ${names.join("|")}) ${bashWords(values)}; return ;;`],
    ),
    `      esac`,
    `      if [[ $cur == -* ]]; then compgen -W ${quoted(flags.flatMap(({ names }) => names).join(" "))} -- "$cur"`,
    `      else ${bashWords(words)}; fi ;;`,
  ]);
  return `# marina completion bash
${NAMES}
_marina_words() {
  local cur="$1" prev="$2" command="$3"
  case "$command" in
    '') compgen -W ${quoted([...roots.map(([name]) => name), "help", "--help", "--version"].join(" "))} -- "$cur" ;;
${lines.join("\n")}
  esac
}
_marina() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD - 1]}" command='' i
  for ((i = 1; i < COMP_CWORD; i++)); do
    [[ \${COMP_WORDS[i]} == -* ]] && continue
    if [[ -z $command ]]; then
      [[ \${COMP_WORDS[i]} == help ]] || command="\${COMP_WORDS[i]}"
    else
      case "$command" in ${groups.map(({ path }) => quoted(path)).join("|")}) command="$command \${COMP_WORDS[i]}" ;; esac
      break
    fi
  done
  COMPREPLY=()
  local word
  while IFS= read -r word; do COMPREPLY+=("$word"); done < <(_marina_words "$cur" "$prev" "$command")
}
complete -o filenames -F _marina marina`;
}

/** zsh runs the same through its own compatibility with bash's completion. */
function zsh(calls: readonly Call[], roots: readonly (readonly [string, string])[]): string {
  return `# marina completion zsh
autoload -Uz compinit bashcompinit
(( $+functions[compdef] )) || compinit
bashcompinit
${bash(calls, roots).replace("# marina completion bash\n", "")}`;
}

function fish(calls: readonly Call[], roots: readonly (readonly [string, string])[]): string {
  const told = (text: string): string => quoted(text.split(/[;:(]/, 1)[0]!.trim());
  const wordsOf = (values: Values): string => {
    if (values === "run" || values === "data") return ` -f -a '(__marina_names ${PLACES[values]})'`;
    if (values === "file") return " -F";
    if (values === "folder") return " -f -a '(__fish_complete_directories)'";
    return values === "nothing" ? " -f" : ` -f -a ${quoted(values.join(" "))}`;
  };
  const first = roots.map(
    ([name, help]) => `complete -c marina -n __fish_use_subcommand -f -a ${name} -d ${told(help)}`,
  );
  const rest = calls.flatMap(({ path, flags, words }) => {
    const isGroup = calls.some((other) => other.path.startsWith(`${path} `));
    const outside =
      isGroup && Array.isArray(words) ? `; and not __fish_seen_subcommand_from ${words.join(" ")}` : "";
    const here = `complete -c marina -n ${quoted(`__marina_called ${path}${outside}`)}`;
    return [
      `${here}${wordsOf(words)}`,
      ...flags.map(({ names, help, values }) => {
        const spelt = names.map((name) =>
          name.startsWith("--") ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`,
        );
        return `${here} ${spelt.join(" ")} -d ${told(help)}${values === undefined ? "" : ` -r${wordsOf(values)}`}`;
      }),
    ];
  });
  return `# marina completion fish
function __marina_names
  set -l home .marina
  set -q MARINA_HOME; and set home $MARINA_HOME
  set -l words (commandline -opc)
  for i in (seq (math (count $words) - 1))
    test $words[$i] = --home; and set home $words[(math $i + 1)]
  end
  for path in $home/objects/$argv[1]/*/
    basename $path
  end
end
# Is it this command that is called? Its words come first, but for flags.
function __marina_called
  set -l words
  for word in (commandline -opc)[2..]
    string match -q -- '-*' $word; or set -a words $word
  end
  for i in (seq (count $argv))
    test "$words[$i]" = $argv[$i]; or return 1
  end
end
${[...first, ...rest].join("\n")}`;
}

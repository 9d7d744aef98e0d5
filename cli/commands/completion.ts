import { Argument } from "../commander.ts";
import { plainCommand } from "../flags/command.ts";

export const command = plainCommand("completion")
  .addArgument(new Argument("<shell>", "whose").choices(["bash", "zsh", "fish"]))
  .description(
    "what a shell needs to complete commands, flags, their values, and names of runs and data sets of the home folder",
  )
  .addHelpText(
    "after",
    `
bash, in ~/.bashrc:              source <(marina completion bash)
zsh, in ~/.zshrc:                source <(marina completion zsh)
fish, in ~/.config/fish/config.fish:  marina completion fish | source`,
  )
  .action(async (shell, options, command) =>
    (await import("../actions/completion.ts")).completion(command.parent!, shell, options),
  );

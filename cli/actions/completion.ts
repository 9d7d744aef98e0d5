/** `marina completion`: a shell's script, made of the commands as they declare themselves. */
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { completionScript, type Shell } from "../output/completion.ts";
import { type PrintOptions, print } from "../output/print.ts";

export function completion(program: CommandUnknownOpts, shell: Shell, options: PrintOptions): void {
  const script = completionScript(program, shell);
  print(options, { shell, script }, () => script);
}

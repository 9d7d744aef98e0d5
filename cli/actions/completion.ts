/** `marina completion`: a shell's script, made of the commands as they declare themselves. */
import { completionScript, type Shell } from "../output/completion.ts";
import { type PrintOptions, print } from "../output/print.ts";
import { wholeProgram } from "../program.ts";

export async function completion(shell: Shell, options: PrintOptions): Promise<void> {
  const script = completionScript(await wholeProgram(), shell);
  print(options, { shell, script }, () => script);
}

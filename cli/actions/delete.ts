/** `marina delete` and `marina data delete`. */
import {
  type Deletion,
  dataDeletion,
  type Engine,
  type EngineOptions,
  isYes,
  runDeletion,
  STANDARD_TERMINAL,
  type Terminal,
  withEngine,
} from "../../client/index.ts";
import { bytes, MarinaError } from "../../shared/base/index.ts";

interface DeleteOptions extends EngineOptions {
  readonly yes?: boolean;
}

export function deleteRuns(
  runs: readonly string[],
  options: DeleteOptions & { readonly silent?: boolean },
): Promise<void> {
  return deleteAll(runs, options, (engine, run) => runDeletion(engine, run, options));
}

export function deleteData(names: readonly string[], options: DeleteOptions): Promise<void> {
  return deleteAll(names, options, dataDeletion);
}

/** All are looked at before the first goes. */
function deleteAll(
  names: readonly string[],
  options: DeleteOptions,
  look: (engine: Engine, name: string) => Promise<Deletion>,
): Promise<void> {
  return withEngine(options, async (engine) => {
    const deletions: Deletion[] = [];
    for (const name of new Set(names)) deletions.push(await look(engine, name));
    await confirm(deletions, options, STANDARD_TERMINAL);
    for (const deletion of deletions) {
      await deletion.perform();
      console.log(`deleted ${deletion.name}: ${sizeText(deletion)}`);
    }
  });
}

/** @throws MarinaError "usage" when it is refused, or nobody is there to ask. */
export async function confirm(
  deletions: readonly Deletion[],
  { yes = false }: { readonly yes?: boolean },
  terminal: Terminal,
): Promise<void> {
  if (yes) return;
  for (const deletion of deletions) terminal.say(`${deletion.what}: ${sizeText(deletion)}`);
  if (!terminal.interactive)
    throw new MarinaError(
      "usage",
      "nothing was deleted: standard input is no terminal to ask at; give --yes to delete this for good",
    );
  const all = deletions.reduce((sum, deletion) => sum + deletion.bytes, 0);
  const whole = deletions.length === 1 ? "this" : `these ${deletions.length}, ${bytes(all)} together,`;
  const answer = await terminal.ask(`Delete ${whole} for good? [y/N] `);
  if (!isYes(answer)) throw new MarinaError("usage", "nothing was deleted");
}

function sizeText({ objects, bytes: size }: Deletion): string {
  return `${objects.toLocaleString("en-US")} ${objects === 1 ? "object" : "objects"}, ${bytes(size)}`;
}

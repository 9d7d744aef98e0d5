/** The code of a function as an asset: the bundle that lies in the package, or one made from the sources of a checkout. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { AssetHashType, DockerImage } from "aws-cdk-lib";
import { type AssetCode, Code } from "aws-cdk-lib/aws-lambda";
import { bundleFunction, type FunctionRole } from "./bundle-function.ts";

export function functionCode(role: FunctionRole): AssetCode {
  const built = join(import.meta.dirname, "functions", role);
  if (existsSync(built)) return Code.fromAsset(built);
  return Code.fromAsset(join(import.meta.dirname, "..", "lambdas", role), {
    // What is deployed tells whether it has changed: the sources of a function lie in more folders than its own.
    assetHashType: AssetHashType.OUTPUT,
    bundling: {
      local: {
        tryBundle: (folder) => {
          bundleFunction(role, folder);
          return true;
        },
      },
      // Asked for by the type; never started, since the above never declines.
      image: DockerImage.fromRegistry("none"),
    },
  });
}

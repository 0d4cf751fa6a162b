// Bundles the page into ../static/bundle: assets carry a content hash, index.html names them.
// `node build.mjs` builds once, `node build.mjs --watch` keeps building.

import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";

const here = path.dirname(fileURLToPath(import.meta.url));
const bundle = path.join(here, "..", "static", "bundle");
const assets = path.join(bundle, "assets");

/** @param {import("esbuild").Metafile} metafile */
async function writeIndex(metafile) {
  const outputs = Object.entries(metafile.outputs);
  const script = outputs.find(([, output]) => output.entryPoint === "src/main.jsx");
  if (!script) throw new Error("the bundle has no entry point src/main.jsx");
  const style = script[1].cssBundle;
  if (!style) throw new Error("the bundle has no style sheet");
  const page = (await readFile(path.join(here, "index.html"), "utf8"))
    .replace("%SCRIPT%", `/assets/${path.basename(script[0])}`)
    .replace("%STYLE%", `/assets/${path.basename(style)}`);
  await writeFile(path.join(bundle, "index.html"), page);
}

/** @type {import("esbuild").Plugin} */
const index = {
  name: "index",
  setup(build) {
    build.onEnd(async (result) => {
      if (result.metafile && result.errors.length === 0) await writeIndex(result.metafile);
    });
  },
};

await rm(bundle, { recursive: true, force: true });
await mkdir(assets, { recursive: true });

/** @type {import("esbuild").BuildOptions} */
const options = {
  absWorkingDir: here,
  entryPoints: ["src/main.jsx"],
  outdir: assets,
  entryNames: "[name]-[hash]",
  bundle: true,
  format: "esm",
  target: ["es2022", "chrome105", "firefox110", "safari16"],
  jsx: "automatic",
  jsxImportSource: "preact",
  minify: true,
  sourcemap: false,
  legalComments: "linked",
  metafile: true,
  logLevel: "info",
  plugins: [index],
};

if (process.argv.includes("--watch")) await (await esbuild.context(options)).watch();
else await esbuild.build(options);

// Writes the API reference, made of the docstrings, to out/docs: one module for each entry of the package, the README in front. It
// fails where an export, or a member of one, has no docstring, or a link leads nowhere.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Application } from 'typedoc';
import { readArguments } from './arguments.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const usage = `npm run docs [-- --check]   writes the API reference to out/docs

  --check    nothing is written: it fails where an export has no docstring, or a link leads nowhere`;
const values = readArguments(usage, { check: { type: 'boolean', default: false } });
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

/** What is imported from the package: `./dist/core/index.js` is made of `src/core/index.ts`. The preload exports nothing. */
const entryPoints = Object.values(manifest.exports)
  .map((entry) => String(entry.default ?? entry).replace(/^\.\/dist\/(.*)\.js$/, 'src/$1.ts'))
  .filter((file) => file.endsWith('.ts'))
  .map((file) => join(root, file));
const missing = entryPoints.find((file) => !existsSync(file));
if (missing) throw new Error(`docs: ${missing} does not exist, but package.json exports what is built of it.`);

const app = await Application.bootstrap({
  entryPoints,
  // Of all layers in one program, so that a class is documented once and linked to from everywhere.
  tsconfig: join(root, 'scripts/docs/tsconfig.json'),
  name: 'Portmesh',
  includeVersion: true,
  readme: join(root, 'README.md'),
  projectDocuments: [join(root, 'docs/*.md'), join(root, 'CHANGELOG.md')],
  // Without links to a place where the sources could be read, file names are of no use.
  disableSources: true,
  excludePrivate: true,
  excludeInternal: true,
  // Those of Node's EventEmitter, which the bridge is, are documented there.
  excludeExternals: true,
  sort: ['source-order'],
  navigation: { includeFolders: false },
  validation: { notExported: true, invalidLink: true, invalidPath: true, rewrittenLink: true, notDocumented: true },
  requiredToBeDocumented: [
    ...['Module', 'Class', 'Interface', 'TypeAlias', 'Enum', 'EnumMember', 'Function', 'Variable'],
    ...['Constructor', 'Property', 'Method', 'GetSignature'],
  ],
  // How types are computed, and what classes are to the inside: what they come to is said where they are used.
  intentionallyNotExported: [
    ...['OfKind', 'SendableAll', 'IsAny'].map((type) => `src/core/bus/channels.ts:${type}`),
    ...['Overloads', 'IsLater', 'AsIs', 'ToIntersection', 'AnyFunction', 'EachMethod', 'MethodName', 'Loose'].map(
      (type) => `src/service/types.ts:${type}`,
    ),
    ...['Listener', 'Args'].map((type) => `src/service/consume.ts:${type}`),
    'src/core/errors/wire-error.ts:ErrorClass',
    'src/core/port/mesh-port.ts:Handler',
  ],
  intentionallyNotDocumented: ['portmesh.AnyChannels.__type.__index'],
  treatWarningsAsErrors: true,
  treatValidationWarningsAsErrors: true,
  logLevel: 'Warn',
});
const project = await app.convert();
if (project) app.validate(project);
if (!project || app.logger.hasErrors() || app.logger.hasWarnings()) process.exit(1);
if (!values.check) {
  await app.generateDocs(project, join(root, 'out/docs'));
  if (app.logger.hasErrors() || app.logger.hasWarnings()) process.exit(1);
  console.log('docs: out/docs/index.html');
}

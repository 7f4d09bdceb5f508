#!/usr/bin/env node
// The Prisma command line wants a native "schema engine", which it would download. This program speaks the same
// protocol (JSON-RPC on standard input and output, one message a line) with the WebAssembly build that npm installed,
// so `prisma generate`, `migrate dev`, `deploy`, `diff` and `status` work without the network. For development only:
// the service applies its migrations by itself (src/common/database/migrations.ts).
import { readFileSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { PrismaPg } from '@prisma/adapter-pg';
import { bindMigrationAwareSqlAdapterFactory, ColumnTypeEnum } from '@prisma/driver-adapter-utils';
import pg from 'pg';

const options = readOptions(process.argv.slice(2));

if (options.version) {
  process.stdout.write('schema-engine-cli wasm\n');
} else if (options.command) {
  await runCommand(options.command, options.url);
} else {
  serve(options);
}

function readOptions(args) {
  const read = { datamodels: [], url: undefined, command: undefined, version: false };
  for (let at = 0; at < args.length; at++) {
    if (args[at] === '--version') read.version = true;
    else if (args[at] === '--datamodels') read.datamodels.push(args[++at]);
    else if (args[at] === '--datasource') read.url = JSON.parse(args[++at]).url;
    else if (args[at] === 'cli') read.command = args[++at];
    else at++; // another option with its value
  }
  return read;
}

function connectionOf(url) {
  const parsed = new URL(url ?? 'postgresql://nobody@127.0.0.1:1/none');
  return {
    host: parsed.searchParams.get('host') ?? parsed.hostname,
    port: Number(parsed.port || 5432),
    user: decodeURIComponent(parsed.username),
    password: decodeURIComponent(parsed.password),
    database: decodeURIComponent(parsed.pathname.slice(1)),
    max: 4,
  };
}

async function query(connection, sql) {
  const client = new pg.Client(connection);
  await client.connect();
  try {
    if (sql) await client.query(sql);
  } finally {
    await client.end();
  }
}

/** `cli can-connect-to-database` and `cli create-database`: the answer is the exit code and a log line. */
async function runCommand(command, url) {
  const connection = connectionOf(url);
  const log = (level, fields) => {
    const line = { timestamp: new Date().toISOString(), level, fields, target: 'schema_engine' };
    writeSync(2, `${JSON.stringify(line)}\n`);
  };
  log('INFO', { message: 'schema engine' }); // the command line skips the first line
  try {
    if (command === 'create-database') {
      const name = pg.escapeIdentifier(connection.database);
      await query({ ...connection, database: 'postgres' }, `CREATE DATABASE ${name}`);
    } else {
      await query(connection);
    }
  } catch (error) {
    const codes = { '3D000': 'P1003', '28P01': 'P1000' };
    log('ERROR', { message: error.message, error_code: codes[error.code] ?? 'P1001', is_panic: false });
    process.exitCode = 1;
  }
}

/** Answers requests one after the other until standard input closes. */
function serve({ datamodels, url }) {
  let engine;
  let queue = Promise.resolve();
  let printed = 1_000_000;
  const send = (message) => process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);

  async function answer({ method, params }) {
    engine ??= await openEngine(datamodels, url);
    const name = method === 'getDatabaseVersion' ? 'version' : method;
    const result = await engine[name](params).catch(async (error) => {
      // The WebAssembly engine opens no shadow database in these calls, but uses the schema that devDiagnostic left.
      if (!String(error?.message).includes('shadow DB must be provided')) throw error;
      await engine.devDiagnostic({ migrationsList: params.migrationsList, filters: params.filters });
      return engine[name](params);
    });
    if (method === 'diff' && result.stdout) {
      send({ id: printed++, method: 'print', params: { content: result.stdout.replace(/\n$/, '') } });
      return { ...result, stdout: null };
    }
    return result ?? {};
  }

  const lines = createInterface({ input: process.stdin });
  lines.on('line', (line) => {
    const request = JSON.parse(line);
    if (!request.method) return;
    queue = queue.then(async () => {
      try {
        send({ id: request.id, result: await answer(request) });
      } catch (error) {
        const data = { is_panic: false, message: String(error?.message ?? error), meta: error?.meta ?? {} };
        if (error?.code) data.error_code = error.code;
        send({ id: request.id, error: { code: 4466, message: 'The request failed; see data.', data } });
      }
    });
  });
  lines.on('close', () => queue.then(() => process.exit(0)));
}

async function openEngine(datamodels, url) {
  const module = '@prisma/schema-engine-wasm/schema_engine_bg';
  const bindings = await import(module);
  const wasm = createRequire(import.meta.url)
    .resolve(module)
    .replace(/\.js$/, '.wasm');
  const { instance } = await WebAssembly.instantiate(readFileSync(wasm), {
    './schema_engine_bg.js': bindings,
  });
  bindings.__wbg_set_wasm(instance.exports);
  instance.exports.__wbindgen_start();
  const schema = url ? (new URL(url).searchParams.get('schema') ?? 'public') : undefined;
  const adapter = new EngineAdapter(connectionOf(url), schema ? { schema } : undefined);
  const files =
    datamodels.length > 0 ? datamodels.map((file) => [file, readFileSync(file, 'utf8')]) : undefined;
  return bindings.SchemaEngine.new(
    { datamodels: files },
    () => {},
    bindMigrationAwareSqlAdapterFactory(adapter),
  );
}

/** The PostgreSQL adapter with what migrations need besides. */
class EngineAdapter extends PrismaPg {
  #connection;

  constructor(connection, adapterOptions) {
    super(connection, adapterOptions);
    this.#connection = connection;
  }

  async connect() {
    return readingInternalChars(await super.connect());
  }

  /** An empty database beside the real one. It is dropped only after its own connections are closed. */
  async connectToShadowDb() {
    const name = `prisma_shadow_${crypto.randomUUID()}`;
    await query(this.#connection, `CREATE DATABASE "${name}"`);
    const adapter = new PrismaPg({ ...this.#connection, database: name });
    const shadow = readingInternalChars(await adapter.connect());
    const close = shadow.dispose.bind(shadow);
    shadow.dispose = async () => {
      await close();
      await query(this.#connection, `DROP DATABASE IF EXISTS "${name}" WITH (FORCE)`);
    };
    return shadow;
  }
}

/** The catalogue tables have columns of PostgreSQL's internal type "char" (oid 18), which the adapter does not know. */
function readingInternalChars(adapter) {
  const [internalChar, blankPaddedChar] = [18, 1042];
  const performIO = adapter.performIO.bind(adapter);
  const queryRaw = adapter.queryRaw.bind(adapter);
  let fields = [];
  adapter.performIO = async (request) => {
    const result = await performIO(request);
    fields = result.fields.map((field) => field.dataTypeID === internalChar);
    result.fields.forEach((field, at) => {
      if (fields[at]) field.dataTypeID = blankPaddedChar;
    });
    return result;
  };
  adapter.queryRaw = async (request) => {
    const result = await queryRaw(request);
    fields.forEach((isChar, at) => {
      if (isChar) result.columnTypes[at] = ColumnTypeEnum.Character;
    });
    return result;
  };
  return adapter;
}

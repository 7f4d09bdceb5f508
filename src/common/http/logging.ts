import type { IncomingMessage } from 'node:http';
import { isatty } from 'node:tty';
import { Injectable } from '@nestjs/common';
import { Logger, type Params } from 'nestjs-pino';
import pino from 'pino';
import pretty from 'pino-pretty';

/** Requests that come often and say little: probes, and what kubectl and the terminals do. */
const QUIET = /^\/(healthz|readyz|metrics|assets)|\/cluster\//;

/** Where log lines go: standard error; JSON, or for people's eyes when that is a terminal. */
export function logStream(): pino.DestinationStream {
  return isatty(2)
    ? pretty({ destination: 2, sync: true, ignore: 'pid,hostname' })
    : pino.destination({ dest: 2, sync: true });
}

/** Settings of nestjs-pino: one line a request with the id that `assignRequestId` gave it, secrets left out. */
export function loggingOptions(level: string): Params {
  return {
    pinoHttp: [
      {
        level,
        genReqId: (request) => request.id,
        autoLogging: { ignore: (request) => QUIET.test(request.url ?? '') },
        customLogLevel: (_request, response, error) => {
          if (error || response.statusCode >= 500) return 'error';
          return response.statusCode >= 400 ? 'info' : 'debug';
        },
        customSuccessMessage: () => 'request served',
        customErrorMessage: () => 'request failed',
        serializers: {
          req: (request: IncomingMessage & { id: string }) => ({
            id: request.id,
            method: request.method,
            url: withoutSecrets(request.url ?? ''),
          }),
          res: (response: { statusCode: number }) => ({ statusCode: response.statusCode }),
        },
        redact: ['*.token', '*.secret', '*.password'],
      },
      logStream(),
    ],
  };
}

/** Access keys are part of the path of proxied cluster calls; one-time codes may be in a query. */
export function withoutSecrets(url: string): string {
  return url
    .replace(/(\/cluster\/)[^/?]+/, '$1[key]')
    .replace(/([?&](?:code|token|ticket)=)[^&]*/g, '$1[secret]');
}

const START_UP = new Set([
  'NestFactory',
  'InstanceLoader',
  'RoutesResolver',
  'RouterExplorer',
  'NestApplication',
]);

/** The program's logger. Nest's own account of how it starts, some fifty lines, is for debugging only. */
@Injectable()
export class ProgramLogger extends Logger {
  override log(message: unknown, ...rest: unknown[]): void {
    const context = rest.at(-1);
    if (typeof context === 'string' && START_UP.has(context)) super.debug(message, ...rest);
    else super.log(message, ...rest);
  }
}

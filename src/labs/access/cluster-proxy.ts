import { Injectable } from '@nestjs/common';
import type { NextFunction, Request, Response } from 'express';
import { toDomainError } from '../../common/http/problem.filter.js';
import { LabAccess } from './lab-access.js';

/** `/api/v1/labs/<id>/cluster/<key>/…` */
const CLUSTER_PATH = /^\/api\/v1\/labs\/([^/?]+)\/cluster\/([^/?]+)(.*)$/s;

/** The lab, the access key and the path within the Kubernetes API, if `url` is one of a lab's cluster. */
export function readClusterPath(url: string): { labId: string; key: string; path: string } | undefined {
  const [, labId, key, rest] = CLUSTER_PATH.exec(url) ?? [];
  if (labId === undefined || key === undefined || rest === undefined) return undefined;
  return { labId, key, path: rest.startsWith('/') ? rest : `/${rest}` };
}

/** Passes a learner's own kubectl through to the lab's API server, wherever its host is. */
@Injectable()
export class ClusterProxy {
  constructor(private readonly access: LabAccess) {}

  /** Express middleware that must come before anything that reads bodies. */
  readonly handle = (request: Request, response: Response, next: NextFunction): void => {
    const target = readClusterPath(request.originalUrl);
    if (!target) {
      next();
      return;
    }
    this.pass(target, request, response).catch((error: unknown) => refuse(response, error));
  };

  private async pass(
    { labId, key, path }: { labId: string; key: string; path: string },
    request: Request,
    response: Response,
  ): Promise<void> {
    const { gateway, subject } = await this.access.forKey(labId, key);
    await gateway.proxyCluster(request, response, path, { sandboxId: labId, identity: 'learner', subject });
  }
}

/** kubectl shows the message of a `Status`; it knows nothing of problem+json. */
function refuse(response: Response, thrown: unknown): void {
  const error = toDomainError(thrown);
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const reason = error.status === 404 ? 'NotFound' : 'ServiceUnavailable';
  response.status(error.status).json({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: error.message,
    reason,
    code: error.status,
  });
}

import type { Duplex } from 'node:stream';
import type { ClusterKeys } from '../certificates/cluster-keys.js';
import type { Client } from '../client.js';
import type { Clock } from '../clock/clock.js';
import type { ListenAddress } from '../cluster.js';
import { ResourceCatalogue } from '../schema/resources.js';
import type { Store } from '../storage/store.js';
import { ADMISSION_PLUGINS } from './admission/plugins.js';
import { Authorizer } from './authorization.js';
import { bootstrap } from './bootstrap/bootstrap.js';
import type { Core } from './core.js';
import { serveDefinitions } from './custom-resources/serve-definitions.js';
import { ApiHandler } from './http/api-handler.js';
import { HttpServer } from './http/http-server.js';
import { documentsOf } from './http/non-resource.js';
import type { PodStreams } from './http/resource-request.js';
import { createLocalClient } from './local-client.js';
import { Registry } from './registry.js';
import { keepRolesAggregated } from './role-aggregation.js';
import { AddressAllocator } from './strategies/address-allocator.js';
import { TokenAuthority } from './token-authority.js';

export interface ApiServerParts {
  store: Store;
  clock: Clock;
  keys: ClusterKeys;
  /** Besides the usual ones, in the server's certificate. */
  names: readonly string[];
  streams?: PodStreams;
}

/** The API server of one cluster, over HTTPS and in process. */
export class ApiServer {
  readonly registry: Registry;
  private readonly server: HttpServer;

  constructor({ store, clock, keys, names, streams }: ApiServerParts) {
    const core: Core = {
      store,
      catalogue: new ResourceCatalogue(),
      clock,
      addresses: new AddressAllocator(),
      tokens: new TokenAuthority(keys.serviceAccountKey, store, clock),
      certificateAuthority: keys.authority.certificate,
    };
    bootstrap(core);
    core.addresses.restore(store);
    this.registry = new Registry(core, ADMISSION_PLUGINS);
    serveDefinitions(this.registry);
    keepRolesAggregated(this.registry);
    const handler = new ApiHandler({
      registry: this.registry,
      authorizer: new Authorizer(store),
      endpoint: documentsOf(core.catalogue),
      streams,
    });
    this.server = new HttpServer(keys.authority, names, handler);
  }

  /** A client in this process that writes as `user`. */
  client(user: string): Client {
    return createLocalClient(this.registry, user);
  }

  listen(address: ListenAddress): Promise<ListenAddress> {
    return this.server.listen(address);
  }

  /** Serves a connection that a pod made to the API server's address in the cluster's network. */
  accept(connection: Duplex, address: string): Promise<void> {
    return this.server.accept(connection, address);
  }

  close(): Promise<void> {
    return this.server.close();
  }
}

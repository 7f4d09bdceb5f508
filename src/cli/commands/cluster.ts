import { Command, Option } from 'commander';
import { toPort, toWholeNumber } from '../option-values.js';

/** `seatrial cluster`: one simulated cluster in the foreground. */
export function clusterCommand(): Command {
  return new Command('cluster')
    .description('run one simulated cluster until Ctrl-C; prints "ready" when kubectl can talk to it')
    .option('--kubeconfig <file>', 'where to write an administrator’s kubeconfig', 'seatrial.kubeconfig')
    .addOption(
      new Option('--port <port>', 'port on 127.0.0.1; 0 picks a free one').default(0).argParser(toPort),
    )
    .addOption(
      new Option('--nodes <count>', 'nodes in all, the control plane included')
        .default(3)
        .argParser(toWholeNumber(1, 100)),
    )
    .option('--only-control-plane', 'API server and controllers: no scheduler, no kubelet, no node')
    .option('--data <dir>', 'keep the cluster here, so that it can be started again; in memory when absent')
    .addOption(
      new Option('--clock <kind>', 'fast: waiting time passes as soon as nothing else is to do')
        .choices(['real', 'fast'])
        .default('real'),
    )
    .action(async (options) => {
      const { runCluster } = await import('../run-cluster.js');
      await runCluster(options);
    });
}

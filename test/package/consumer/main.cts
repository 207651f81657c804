// The same by require().
import {
  createProxy,
  DeputyClient,
  type DeputyClientOptions,
  HeaderList,
  type Service,
  transcode,
} from 'deputy-tls';

const service: Service = { name: 'mine', response: () => ({ headers: new HeaderList([['X-Seen', 'yes']]) }) };
const options: DeputyClientOptions = { roots: process.env.ROOTS ?? '' };
const client: DeputyClient = new DeputyClient(options);
process.stdout.write([createProxy, DeputyClient, transcode, client.fetch].map((each) => typeof each).join());
process.stdout.write(` ${service.name}\n`);
void client.close();

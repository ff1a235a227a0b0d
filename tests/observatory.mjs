// Scans a site of a local web server with the MDN Observatory: node observatory.mjs HOST HTTP-PORT HTTPS-PORT
// Prints the result as JSON. The server's certificate stands in NODE_EXTRA_CA_CERTS.
import { existsSync, writeFileSync } from "node:fs";
import net from "node:net";

const [host, httpPort, httpsPort] = process.argv.slice(2);
const ports = { 80: Number(httpPort), 443: Number(httpsPort) };

// The scanner knows public hosts and ports only: whatever it connects to is the server of this machine.
const connect = net.Socket.prototype.connect;
net.Socket.prototype.connect = function (...given) {
  const [options] = Array.isArray(given[0]) ? given[0] : given;
  if (!(options.port in ports)) throw new Error(`unforeseen port ${options.port}`);
  return connect.call(this, { ...options, host: "127.0.0.1", port: ports[options.port] });
};

// Installed without its scripts, the scanner has no list of hosts that browsers know to be https only; none is ours.
const list = new URL("node_modules/@mdn/mdn-http-observatory/conf/hsts-preload.json", import.meta.url);
if (!existsSync(list)) writeFileSync(list, "{}\n");

const { scan } = await import("@mdn/mdn-http-observatory");
const result = await scan(host);
const tests = Object.entries(result.tests).map(([name, test]) => [name, test.result, test.scoreModifier, test.pass]);
console.log(JSON.stringify({ ...result.scan, tests }));

#!/usr/bin/env bash
# Package:   npm nodemailer 10.6.0
# Behaviour: `greetingTimeout`, the time that the server has to greet, counts only within `connectionTimeout`, which is
#            described as the time for the connection to be established. A greeting that comes 2 s after the connection
#            is not waited for with a greetingTimeout of 30 s and a connectionTimeout of 1 s, although the connection was
#            there at once. (RFC 5321 §4.5.3.2.1 grants servers 5 minutes for the greeting.)
# Output seen:
#   connectionTimeout 1000, greetingTimeout 30000: ETIMEDOUT, Greeting never received, after 1 s
#   connectionTimeout 9000, greetingTimeout 30000: greeted
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund nodemailer@10.6.0 >/dev/null

cat > see.cjs <<'X'
const net = require("node:net");
const nodemailer = require("nodemailer");
const server = net.createServer((socket) => {
  socket.on("error", () => {});
  setTimeout(() => socket.write("220 mail.example.com ESMTP\r\n"), 2000);
  socket.on("data", (line) => socket.write(String(line).startsWith("QUIT") ? "221 Bye\r\n" : "250 mail.example.com\r\n"));
});
server.listen(0, "127.0.0.1", async () => {
  for (const connectionTimeout of [1000, 9000]) {
    const options = { host: "127.0.0.1", port: server.address().port, connectionTimeout, greetingTimeout: 30000 };
    const startedAt = Date.now();
    const said = await nodemailer.createTransport(options).verify().then(
      () => "greeted",
      (error) => `${error.code}, ${error.message}, after ${Math.round((Date.now() - startedAt) / 1000)} s`,
    );
    console.log(`connectionTimeout ${connectionTimeout}, greetingTimeout 30000: ${said}`);
  }
  process.exit(0);
});
X
said=$(node see.cjs)
echo "$said"
[ "$said" = "connectionTimeout 1000, greetingTimeout 30000: ETIMEDOUT, Greeting never received, after 1 s
connectionTimeout 9000, greetingTimeout 30000: greeted" ]

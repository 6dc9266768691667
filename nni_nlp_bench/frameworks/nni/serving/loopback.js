// Node loads this before NNI's manager, which would listen on all interfaces: every server of the
// process listens on 127.0.0.1 instead, and also on the address in NNI_NLP_BENCH_HOST, if any. And a
// tuner gets more time to connect.
"use strict";

const net = require("net");

const LOOPBACK = "127.0.0.1";
const EVERY = ["0.0.0.0", "::"];
const host = process.env.NNI_NLP_BENCH_HOST || LOOPBACK;
const listen = net.Server.prototype.listen;

// What the manager starts, trials among them, gets the environment that the user had.
const own = "--require=" + JSON.stringify(__filename);
const options = (process.env.NODE_OPTIONS || "").replace(own, "").trim();
delete process.env.NNI_NLP_BENCH_HOST;
delete process.env.NODE_OPTIONS;
if (options !== "") {
    process.env.NODE_OPTIONS = options;
}

net.Server.prototype.listen = function (...args) {
    const target = portIn(args[0]);
    if (target === null) {
        return listen.apply(this, args); // a pipe, or a handle that is open already
    }
    const callback = args.filter((argument) => typeof argument === "function").slice(-1);
    if (host !== LOOPBACK && !EVERY.includes(host)) {
        this.once("listening", () => alsoListen(this));
    }
    const first = EVERY.includes(host) ? host : LOOPBACK;
    return listen.call(this, { ...target, host: first }, ...callback);
};

// The options of a call that listens on a port, else null.
function portIn(first) {
    if (first === null || first === undefined || typeof first === "function") {
        return { port: 0 };
    }
    if (typeof first === "object") {
        return "port" in first ? first : null;
    }
    return Number.isNaN(Number(first)) ? null : { port: Number(first) };
}

// NNI's own tools use 127.0.0.1: another address hands its connections to the same server.
function alsoListen(server) {
    const second = net.createServer((socket) => server.emit("connection", socket));
    second.on("error", (error) => server.emit("error", error));
    server.once("close", () => second.close());
    listen.call(second, { port: server.address().port, host });
}

// NNI's manager gives up a tuner that does not connect in ten seconds, too few on a busy machine. That
// the tuner's process has ended is seen by `up`.
const TUNER_MS = 120000;
const later = global.setTimeout;
global.setTimeout = Object.assign(function (call, ms, ...args) {
    const awaitsTuner = ms === 10000 && String(call).includes("Tuner did not connect");
    return later(call, awaitsTuner ? TUNER_MS : ms, ...args);
}, later);

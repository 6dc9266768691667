// Preloaded into the Node process of NNI's manager, which would listen on all interfaces: all servers
// listen on 127.0.0.1 instead, and also on the address in NNI_NLP_BENCH_HOST, if set. It also refuses
// requests of foreign web pages, for a second tuner and for files outside of trials, and extends the
// connection timeout of the tuner.
"use strict";

const http = require("http");
const net = require("net");
const os = require("os");

const LOOPBACK = "127.0.0.1";
const ALL_INTERFACES = ["0.0.0.0", "::"];
const host = process.env.NNI_NLP_BENCH_HOST || LOOPBACK;
const listen = net.Server.prototype.listen;

// Child processes such as trials get the original environment.
const preload = "--require=" + JSON.stringify(__filename);
const options = (process.env.NODE_OPTIONS || "").replace(preload, "").trim();
delete process.env.NNI_NLP_BENCH_HOST;
delete process.env.NODE_OPTIONS;
if (options !== "") {
    process.env.NODE_OPTIONS = options;
}

net.Server.prototype.listen = function (...args) {
    const target = portIn(args[0]);
    if (target === null) {
        return listen.apply(this, args); // a pipe or an open handle
    }
    const callback = args.filter((argument) => typeof argument === "function").slice(-1);
    if (host !== LOOPBACK && !ALL_INTERFACES.includes(host)) {
        this.once("listening", () => alsoListen(this));
    }
    const first = ALL_INTERFACES.includes(host) ? host : LOOPBACK;
    return listen.call(this, { ...target, host: first }, ...callback);
};

// Return the options of a call that listens on a port, else null.
function portIn(first) {
    if (first === null || first === undefined || typeof first === "function") {
        return { port: 0 };
    }
    if (typeof first === "object") {
        return "port" in first ? first : null;
    }
    return Number.isNaN(Number(first)) ? null : { port: Number(first) };
}

// NNI's own tools use 127.0.0.1: a second listener forwards its connections to the same server.
function alsoListen(server) {
    const second = net.createServer((socket) => server.emit("connection", socket));
    second.on("error", (error) => server.emit("error", error));
    server.once("close", () => second.close());
    listen.call(second, { port: server.address().port, host });
}

// The manager has no authentication. A web page that the user visits could reach it through the browser,
// directly or by a name that the page's owner lets point to 127.0.0.1. Addresses cannot be repointed.
const NAMES = ["localhost", os.hostname(), host].map((name) => name.toLowerCase());
const emit = http.Server.prototype.emit;
http.Server.prototype.emit = function (event, request, response, ...rest) {
    if (event === "request" || event === "upgrade") {
        const reason = isTrusted(request.headers) ? forbidden(request) : FOREIGN;
        if (reason !== null) {
            return refuse(event, response, reason);
        }
    }
    return emit.call(this, event, request, response, ...rest);
};

const FOREIGN = "the Host or Origin header is not of this machine";
let started = false;

// Return the reason to refuse a request that would read other files than those of trials, or start another
// tuner (which may be any program) after the one of the user; else null.
function forbidden({ method, url }) {
    let path = null;
    try {
        path = decodeURIComponent(url.split(/[?#]/)[0]).replace(/\/+$/, "").toLowerCase();
    } catch {
        return "the path is malformed";
    }
    if (!/^[!-\[\]-~]*$/.test(url) || path.split(/[\\/]/).includes("..")) {
        return "the path leads elsewhere, or has characters that are not ASCII";
    }
    if (method === "POST" && path.endsWith("/experiment")) {
        if (started) {
            return "the experiment has been started already";
        }
        started = true;
    }
    return null;
}

// Return whether the Host header is an address or a name of this machine, and a page is of this server.
function isTrusted({ host, origin }) {
    if (host === undefined) {
        return false;
    }
    const name = host.replace(/:\d+$/, "").toLowerCase();
    const isAddress = net.isIP(name.replace(/^\[(.*)\]$/, "$1")) !== 0;
    return (isAddress || NAMES.includes(name)) && (origin === undefined || origin === `http://${host}`);
}

function refuse(event, response, reason) {
    if (event === "upgrade") {
        response.end("HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n"); // a plain socket
    } else {
        response.writeHead(403, { "Content-Type": "text/plain" });
        response.end(`Refused: ${reason}.\n`);
    }
    return true;
}

// NNI's manager waits ten seconds for the tuner to connect, too little on a busy machine. `up` detects
// whether the tuner process has exited.
const TUNER_MS = 120000;
const originalSetTimeout = global.setTimeout;
global.setTimeout = Object.assign(function (call, ms, ...args) {
    const awaitsTuner = ms === 10000 && String(call).includes("Tuner did not connect");
    return originalSetTimeout(call, awaitsTuner ? TUNER_MS : ms, ...args);
}, originalSetTimeout);

# SPDX-License-Identifier: MIT
"""Chromium without a window, driven by its DevTools protocol: a client of the standard library alone."""
import base64
import json
import os
import shutil
import socket
import struct
import subprocess
import tempfile
import time
import urllib.request


class WebSocket:
    """Text frames of RFC 6455, as a client."""

    def __init__(self, url):
        host, path = url.removeprefix("ws://").split("/", 1)
        name, port = host.split(":")
        self.socket = socket.create_connection((name, int(port)))
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall((f"GET /{path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                             f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n").encode())
        self.room = b""
        while b"\r\n\r\n" not in self.room:
            self.room += self.socket.recv(4096)
        head, self.room = self.room.split(b"\r\n\r\n", 1)
        if b" 101 " not in head.split(b"\r\n")[0]:
            raise RuntimeError(f"no WebSocket: {head!r}")

    def send(self, text):
        data, mask = text.encode(), os.urandom(4)
        n = len(data)
        head = bytes([0x81]) + (bytes([0x80 | n]) if n < 126 else bytes([0xFE]) + struct.pack(">H", n)
                                if n < 65536 else bytes([0xFF]) + struct.pack(">Q", n))
        long_mask = (mask * (n // 4 + 1))[:n]
        masked = (int.from_bytes(data, "big") ^ int.from_bytes(long_mask, "big")).to_bytes(n, "big")
        self.socket.sendall(head + mask + masked)

    def take(self, n):
        while len(self.room) < n:
            more = self.socket.recv(1 << 16)
            if not more:
                raise RuntimeError("the browser hung up")
            self.room += more
        out, self.room = self.room[:n], self.room[n:]
        return out

    def receive(self, seconds):
        """The next message, or None if none comes within that time."""
        text = b""
        while True:
            self.socket.settimeout(max(0.01, seconds) if not text else None)
            try:
                first, n = self.take(2)
            except TimeoutError:
                return None
            self.socket.settimeout(None)
            n &= 0x7F
            n = struct.unpack(">H", self.take(2))[0] if n == 126 else struct.unpack(">Q", self.take(8))[0] \
                if n == 127 else n
            data = self.take(n)
            if first & 0x0F in (0, 1):
                text += data
                if first & 0x80:
                    return text.decode()


class Browser:
    """One page.  `errors` are what its console, its scripts and its network have complained of."""

    def __init__(self, program, width=1280, height=900):
        self.folder = tempfile.mkdtemp(prefix="playground-")
        root = ["--no-sandbox"] if hasattr(os, "getuid") and os.getuid() == 0 else []
        self.process = subprocess.Popen(
            [program, "--headless=new", "--remote-debugging-port=0", f"--user-data-dir={self.folder}",
             f"--window-size={width},{height}", "--no-first-run", "--disable-gpu", "--disable-extensions",
             "--disable-background-networking", "--disable-dev-shm-usage", *root, "about:blank"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until = time.time() + 60
        port_file = os.path.join(self.folder, "DevToolsActivePort")
        pages = []
        while not pages:
            if time.time() > until or self.process.poll() is not None:
                raise RuntimeError(f"{program} did not start")
            time.sleep(0.2)
            if os.path.exists(port_file) and len(lines := open(port_file).read().split("\n")) > 1:
                with urllib.request.urlopen(f"http://127.0.0.1:{lines[0]}/json/list") as reply:
                    pages = [t for t in json.load(reply) if t["type"] == "page"]
        self.web = WebSocket(pages[0]["webSocketDebuggerUrl"])
        self.number, self.errors, self.loaded = 0, [], False
        for domain in ("Page", "Runtime", "Log", "Accessibility"):
            self.call(f"{domain}.enable")

    def call(self, method, **params):
        self.number += 1
        self.web.send(json.dumps({"id": self.number, "method": method, "params": params}))
        until = time.time() + 120
        while time.time() < until:
            message = self.message(until - time.time())
            if message and message.get("id") == self.number:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']}")
                return message["result"]
        raise RuntimeError(f"{method}: no answer")

    def message(self, seconds):
        text = self.web.receive(seconds)
        if text is None:
            return None
        message = json.loads(text)
        method, p = message.get("method"), message.get("params", {})
        if method == "Runtime.exceptionThrown":
            details = p["exceptionDetails"]
            self.errors.append(details.get("exception", {}).get("description", details["text"]))
        elif method == "Runtime.consoleAPICalled" and p["type"] in ("error", "warning", "assert"):
            self.errors.append(" ".join(str(a.get("value", a.get("description"))) for a in p["args"]))
        elif method == "Log.entryAdded" and p["entry"]["level"] in ("error", "warning"):
            self.errors.append(p["entry"]["text"] + " " + p["entry"].get("url", ""))
        elif method == "Page.loadEventFired":
            self.loaded = True
        return message

    def idle(self, seconds):
        until = time.time() + seconds
        while (left := until - time.time()) > 0:
            self.message(left)

    def go(self, url):
        self.loaded = False
        self.call("Page.navigate", url=url)
        until = time.time() + 60
        while not self.loaded and time.time() < until:
            self.message(0.2)

    def run(self, script):
        """The value of a script, a promise's when it is kept."""
        r = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in r:
            raise RuntimeError(f"{script}: {r['exceptionDetails'].get('exception', {}).get('description')}")
        return r["result"].get("value")

    def wait(self, script, seconds, what):
        """Until the script is true; its value."""
        until = time.time() + seconds
        while time.time() < until:
            if value := self.run(script):
                return value
            self.idle(0.1)
        raise AssertionError(f"after {seconds} s: {what}")

    def key(self, key, code, number, text=None):
        more = {"text": text} if text else {}
        self.call("Input.dispatchKeyEvent", type="keyDown", key=key, code=code, windowsVirtualKeyCode=number, **more)
        self.call("Input.dispatchKeyEvent", type="keyUp", key=key, code=code, windowsVirtualKeyCode=number)

    def look(self, width, height, scheme, motion="no-preference"):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1,
                  mobile=width < 600)
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme},
                                                          {"name": "prefers-reduced-motion", "value": motion}])

    def picture(self, path, width, height):
        data = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=True,
                         clip={"x": 0, "y": 0, "width": width, "height": height, "scale": 1})["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(data))

    def close(self):
        try:
            self.call("Browser.close")
            self.process.wait(20)
        except Exception:
            self.process.kill()
            self.process.wait(20)
        shutil.rmtree(self.folder, ignore_errors=True)

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The chats without a browser: everybody hears everything, in several processes, too."""

import asyncio
import json
import os
import unittest
import urllib.error
import urllib.parse
import urllib.request

from tornado.websocket import websocket_connect

from servers import PATIENCE, TestCase, children


class WebSocketChat(TestCase):
    def setUp(self):
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(os.environ["GALE_SOURCE"])

    def run_chat(self, steps, *options, log=()):
        server = self.start("examples/websocket_chat", *options)
        self.clients = []

        async def run():
            await steps(server)
            for client in self.clients:
                client.close()
                while client.close_code is None and await client.read_message() is not None:
                    pass

        asyncio.run(asyncio.wait_for(run(), PATIENCE))
        self.stop(server, log)

    async def connect_to(self, server, since=0):
        url = f"ws://127.0.0.1:{server.port}/chatsocket?since={since}"
        self.clients.append(await websocket_connect(url))
        return self.clients[-1]

    async def hear(self, client, count):
        return [json.loads(await client.read_message()) for _ in range(count)]

    async def talk(self, server):
        clients = [await self.connect_to(server) for _ in range(20)]
        for number, client in enumerate(clients):
            await client.write_message(json.dumps({"name": "N", "body": f"message {number}"}))
        heard = [await self.hear(client, 20) for client in clients]
        for all_of_one in heard:
            self.assertEqual(sorted(one["body"] for one in all_of_one),
                             sorted(f"message {number}" for number in range(20)))
            self.assertEqual(len({one["id"] for one in all_of_one}), 20)
        late = [await self.connect_to(server) for _ in range(10)]
        for client in late:
            self.assertEqual(len(await self.hear(client, 20)), 20)

    def test_everybody_hears_everything(self):
        self.run_chat(self.talk)

    def test_workers(self):
        async def talk(server):
            self.assertEqual(len(children(server.process.pid)), 3)
            await self.talk(server)

        self.run_chat(talk, "--workers=3")

    def test_who_comes_back_hears_what_was_missed(self):
        async def steps(server):
            ada, ben = [await self.connect_to(server) for _ in range(2)]
            await ada.write_message('{"name": "Ada", "body": "<one>"}')
            [one] = await self.hear(ben, 1)
            self.assertIn("&lt;one&gt;", one["html"])
            ben.close()
            for text in ("two", "three"):
                await ada.write_message(json.dumps({"name": "Ada", "body": text}))
            await self.hear(ada, 3)
            ben = await self.connect_to(server, one["id"])
            self.assertEqual([m["body"] for m in await self.hear(ben, 2)], ["two", "three"])

        self.run_chat(steps)

    def test_what_is_no_message(self):
        async def steps(server):
            for text in ("", "[", "{}", '{"name": 1, "body": "x"}', b"\0"):
                client = await self.connect_to(server, "%ff")
                await client.write_message(text, binary=isinstance(text, bytes))
                self.assertIsNone(await client.read_message())
                self.assertEqual(client.close_code, 1008)

        self.run_chat(steps, log=[r"400 GET /chatsocket\?since=%ff .*: Invalid unicode in since"])


class Chat(TestCase):
    def setUp(self):
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(os.environ["GALE_SOURCE"])

    def post(self, server, path, **fields):
        data = urllib.parse.urlencode(fields).encode()
        with urllib.request.urlopen(f"{server.url}{path}", data, PATIENCE) as response:
            return json.loads(response.read())

    def test_who_waits_is_told(self):
        server = self.start("examples/chat", "--debug=false")
        waiting = [self.connect(server) for _ in range(20)]
        for client in waiting:
            client.sendall(b"POST /a/message/updates HTTP/1.1\r\nHost: h\r\nConnection: close\r\n"
                           b"Content-Length: 0\r\n\r\n")
        posted = self.post(server, "/a/message/new", name="Ada", body="<hello>")
        self.assertIn("&lt;hello&gt;", posted["html"])
        for client in waiting:
            answer = client.makefile("rb").read().partition(b"\r\n\r\n")[2]
            self.assertEqual(json.loads(answer), {"messages": [posted]})
        for text in ("two", "three"):
            self.post(server, "/a/message/new", name="Ada", body=text)
        new = self.post(server, "/a/message/updates", cursor=posted["id"])["messages"]
        self.assertEqual([message["body"] for message in new], ["two", "three"])
        self.stop(server)

    def test_what_is_missing_is_a_400(self):
        server = self.start("examples/chat", "--debug=false")
        for path, fields in (("new", {"name": "Ada"}), ("new", {"name": b"\xff", "body": "x"}),
                             ("updates", {"cursor": b"\xff"})):
            with self.assertRaisesRegex(urllib.error.HTTPError, "400"):
                self.post(server, f"/a/message/{path}", **fields)
        self.stop(server, [r"400 POST /a/message/(new|updates)"])


if __name__ == "__main__":
    unittest.main()

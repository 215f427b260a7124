// SPDX-License-Identifier: Apache-2.0
// uWebSockets' WebSocket echo, without compression and pings. usage: uwebsockets_echo PORT
#include <App.h>

#include <cstdlib>

struct Nothing {};

int main(int, char **argv)
{
    uWS::App()
        .ws<Nothing>("/", { .compression = uWS::DISABLED,
                            .maxPayloadLength = 16 << 20,
                            .idleTimeout = 0,
                            .maxBackpressure = 16 << 20,
                            .sendPingsAutomatically = false,
                            .message = [](auto *socket, std::string_view message,
                                          uWS::OpCode opcode) { socket->send(message, opcode); } })
        .listen("127.0.0.1", std::atoi(argv[1]), [](auto *listening) {
            if (!listening)
                std::exit(1);
        })
        .run();
}

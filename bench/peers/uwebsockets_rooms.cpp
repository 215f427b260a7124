// SPDX-License-Identifier: Apache-2.0
// A room of uWebSockets: what one says, the others hear. usage: uwebsockets_rooms PORT
#include <App.h>

#include <cstdlib>

struct Nothing {};

int main(int, char **argv)
{
    uWS::App()
        .ws<Nothing>("/room/all",
                     { .compression = uWS::DISABLED,
                       .maxPayloadLength = 16 << 20,
                       .idleTimeout = 0,
                       .maxBackpressure = 16 << 20,
                       .sendPingsAutomatically = false,
                       .open = [](auto *socket) { socket->subscribe("all"); },
                       .message = [](auto *socket, std::string_view message,
                                     uWS::OpCode opcode) {
                           socket->publish("all", message, opcode);
                       } })
        .listen("127.0.0.1", std::atoi(argv[1]), [](auto *listening) {
            if (!listening)
                std::exit(1);
        })
        .run();
}

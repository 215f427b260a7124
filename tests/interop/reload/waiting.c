/* SPDX-License-Identifier: Apache-2.0 */
/* Stands for a program that runs tests: waiting FILE [ARGUMENT...]. It ends when the file says 0,
 * and otherwise waits until it, or the file, has changed. */
#include <gale/autoreload.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    if (argc > 1)
        gale_autoreload_watch(argv[1]);
    FILE *file = argc > 1 ? fopen(argv[1], "r") : NULL;
    int result = file ? fgetc(file) - '0' : 2;
    if (file)
        fclose(file);
    printf("Starting ");
    for (int i = 2; i < argc; i++)
        printf("%s|", argv[i]);
    puts("");
    fflush(stdout);
    return result == 0 ? 0 : gale_autoreload_wait();
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a fuzz target once over every file of the directories (or files) named on the command
 * line. It stands in for libFuzzer where only the known inputs are to be tried again. An input
 * that fails ends the program, so each name is kept where a debugger or sanitizer report finds
 * it: with REPLAY_VERBOSE set the names are printed as they are tried.
 */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay_file(const char *path, size_t size)
{
    /* Exactly as large as the input, so that reading one byte past the end is seen. */
    uint8_t *data = malloc(size > 0 ? size : 1);
    FILE *file = fopen(path, "rb");
    if (data == NULL || file == NULL || fread(data, 1, size, file) != size) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        if (file != NULL)
            fclose(file);
        free(data);
        return -1;
    }
    fclose(file);
    if (getenv("REPLAY_VERBOSE") != NULL)
        fprintf(stderr, "%s\n", path);
    LLVMFuzzerTestOneInput(data, size);
    free(data);
    return 1;
}

static int replay(const char *path);

static int replay_directory(const char *path)
{
    DIR *directory = opendir(path);
    if (directory == NULL) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        return -1;
    }
    int count = 0;
    for (struct dirent *entry; count >= 0 && (entry = readdir(directory)) != NULL;) {
        char child[4096];
        if (entry->d_name[0] == '.')
            continue;
        snprintf(child, sizeof(child), "%s/%s", path, entry->d_name);
        int replayed = replay(child);
        count = replayed < 0 ? -1 : count + replayed;
    }
    closedir(directory);
    return count;
}

/* Returns how many inputs were tried, or -1. */
static int replay(const char *path)
{
    struct stat status;
    if (stat(path, &status) < 0) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        return -1;
    }
    if (S_ISDIR(status.st_mode))
        return replay_directory(path);
    return replay_file(path, (size_t)status.st_size);
}

int main(int argc, char **argv)
{
    int total = 0;
    for (int i = 1; i < argc; i++) {
        int count = replay(argv[i]);
        if (count < 0)
            return EXIT_FAILURE;
        total += count;
    }
    if (total == 0) {
        fprintf(stderr, "usage: %s CORPUS..., with at least one input\n", argv[0]);
        return EXIT_FAILURE;
    }
    printf("%d inputs\n", total);
    return EXIT_SUCCESS;
}

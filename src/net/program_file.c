/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A linker or a copy may still be at work on a file. Writers are told by a lease, which the kernel
 * grants only when there is none; a file that was left half-written, by its ELF header, which says
 * how long it should be.
 */
#include "net/program_file.h"

#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Somebody who opens it at this very moment breaks the lease, and we are told by a signal that is
 * ignored unless it is handled. */
static bool is_being_written(int fd)
{
    fcntl(fd, F_SETSIG, SIGURG);
    if (fcntl(fd, F_SETLEASE, F_RDLCK) != 0)
        return errno == EAGAIN;
    fcntl(fd, F_SETLEASE, F_UNLCK);
    return false;
}

static bool reaches_its_end(int fd, const ElfW(Ehdr) * head, uint64_t size)
{
    ElfW(Phdr) part;
    if (head->e_shoff && head->e_shoff + (uint64_t)head->e_shnum * head->e_shentsize > size)
        return false;
    for (unsigned i = 0; i < head->e_phnum; i++) {
        off_t at = (off_t)(head->e_phoff + (uint64_t)i * sizeof part);
        if (pread(fd, &part, sizeof part, at) != (ssize_t)sizeof part ||
            part.p_offset + part.p_filesz > size)
            return false;
    }
    return true;
}

static bool is_for_this_machine(const ElfW(Ehdr) * head)
{
    ElfW(Ehdr) own;
    int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    bool known = fd >= 0 && read(fd, &own, sizeof own) == (ssize_t)sizeof own;
    if (fd >= 0)
        close(fd);
    return !known ||
           (head->e_machine == own.e_machine && head->e_ident[EI_CLASS] == own.e_ident[EI_CLASS]);
}

static const char *flaw_of_elf(int fd, uint64_t size)
{
    ElfW(Ehdr) head;
    ssize_t got = pread(fd, &head, sizeof head, 0);
    if (got >= 2 && memcmp(&head, "#!", 2) == 0)
        return NULL;
    if (got >= SELFMAG && memcmp(head.e_ident, ELFMAG, SELFMAG) != 0)
        return "is no program";
    if (got < (ssize_t)sizeof head)
        return "is only half there";
    if (!is_for_this_machine(&head))
        return "is for another machine";
    return reaches_its_end(fd, &head, size) ? NULL : "is only half there";
}

static const char *flaw_of_open(int fd, const char *path, gale__file_kind kind)
{
    struct stat status;
    if (is_being_written(fd))
        return "is still being written";
    if (kind == GALE__FILE_PLAIN)
        return NULL;
    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode))
        return "is no file";
    if (kind == GALE__FILE_PROGRAM && access(path, X_OK) != 0)
        return "is not executable";
    return flaw_of_elf(fd, (uint64_t)status.st_size);
}

const char *gale__file_flaw(const char *path, gale__file_kind kind)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 && kind == GALE__FILE_PLAIN)
        return NULL;
    if (fd < 0)
        return errno == ENOENT ? "is missing" : "cannot be read";
    const char *flaw = flaw_of_open(fd, path, kind);
    close(fd);
    return flaw;
}

/* Runs a fuzz target over every file of the given folders: how ordinary builds replay a corpus. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
run_file(const char *folder, const char *name)
{
    char path[4096];
    uint8_t *data = NULL;
    long size = 0;
    FILE *f = NULL;
    int failed = 1;

    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    f = fopen(path, "rb");
    if (f == NULL) {
        return 1;
    }
    if (fseek(f, 0, SEEK_END) == 0 && (size = ftell(f)) >= 0 && fseek(f, 0, SEEK_SET) == 0) {
        data = malloc((size_t)size + 1);
        if (data != NULL && fread(data, 1, (size_t)size, f) == (size_t)size) {
            (void)LLVMFuzzerTestOneInput(data, (size_t)size);
            failed = 0;
        }
        free(data);
    }
    (void)fclose(f);
    return failed;
}

int
main(int argc, char **argv)
{
    int files = 0;

    for (int i = 1; i < argc; i++) {
        struct dirent *entry = NULL;
        DIR *folder = opendir(argv[i]);

        if (folder == NULL) {
            (void)fprintf(stderr, "%s: cannot be opened\n", argv[i]);
            return 1;
        }
        while ((entry = readdir(folder)) != NULL) {
            if (entry->d_name[0] == '.') {
                continue;
            }
            if (run_file(argv[i], entry->d_name) != 0) {
                (void)fprintf(stderr, "%s/%s: cannot be read\n", argv[i], entry->d_name);
                (void)closedir(folder);
                return 1;
            }
            files++;
        }
        (void)closedir(folder);
    }
    printf("%d inputs replayed\n", files);
    return files > 0 ? 0 : 1;
}

/*
 * folder - folders that must be on disk: a file is there after a power cut only when its folder was synced. Zone H.
 */
#ifndef FWL_CORE_HOST_FOLDER_H
#define FWL_CORE_HOST_FOLDER_H

#include "core/error.h"

/** fwl_folder_sync - make what was created, renamed or deleted in the folder at @path durable. FWL_OK or
 * FWL_ERR_STORAGE. */
FWL_NODISCARD enum fwl_err fwl_folder_sync(const char *path);

/** fwl_folder_sync_of - the same for the folder that the file or folder at @path lies in. */
FWL_NODISCARD enum fwl_err fwl_folder_sync_of(const char *path);

#endif

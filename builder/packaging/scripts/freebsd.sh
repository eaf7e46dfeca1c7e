# pkg sets PKG_ROOTDIR where it installs into another folder than /, a jail's for example.
root=${PKG_ROOTDIR:-/}
below=${root%/}

#!/bin/sh
# Written by make. Edit the conf- files, not this.

#%Module
# For Environment Modules and Lmod. Copy it to a folder of modulefiles as kindreel/0.1.0, and set `root`: the
# folder that holds bin/kindreel and cluster-configs/presets.
set root /opt/kindreel/0.1.0

proc ModulesHelp {} {
  puts stderr "Trains encoders of videos without labels, and searches libraries of videos by example."
}
module-whatis "self-supervised video retrieval with MPI"
conflict kindreel
prepend-path PATH $root/bin
setenv KINDREEL $root/bin/kindreel

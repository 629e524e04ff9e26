package io.vhdxd.vhdx.storage;

import io.vhdxd.vhdx.storage.simulated.SimulatedStorage;

final class SimulatedStorageContractTest extends StorageContract {
    @Override
    Storage newFile() {
        return new SimulatedStorage();
    }

    @Override
    Storage readOnly(Storage written) {
        return ((SimulatedStorage) written).readOnlyCopy();
    }
}
